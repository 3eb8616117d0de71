import { instantiate } from "../../pkg/redb.js";
import { bindRedb } from "../bind.js";
import { fetchModule } from "../fetch.js";
import { Engine } from "../instance.js";

export { StowbookError } from "../error.js";

// Bundlers look for this very expression.
const module = await fetchModule(new URL("../../pkg/redb.wasm", import.meta.url));

export const { Filter, MetaDb, Store, decode, detect, encode, explain, fix, fromJson, rules, toJson, validate, version } =
  bindRedb(new Engine(module, instantiate));
