import { readFileSync } from "node:fs";
import { instantiate } from "../../pkg/redb.js";
import { bindRedb } from "../bind.js";
import { Engine } from "../instance.js";

export { StowbookError } from "../error.js";

const file = new URL("../../pkg/redb.wasm", import.meta.url);

export const { Filter, MetaDb, Store, decode, detect, encode, explain, fix, fromJson, rules, toJson, validate, version } =
  bindRedb(new Engine(new WebAssembly.Module(readFileSync(file)), instantiate));
