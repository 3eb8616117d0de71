import { readFileSync } from "node:fs";
import { instantiate } from "../../pkg/stowbook.js";
import { bindFull } from "../bind.js";
import { Engine } from "../instance.js";

export { StowbookError } from "../error.js";

const file = new URL("../../pkg/stowbook.wasm", import.meta.url);

export const { Filter, MetaDb, Store, decode, detect, encode, explain, fix, fromJson, rules, toJson, validate, version } =
  bindFull(new Engine(new WebAssembly.Module(readFileSync(file)), instantiate));
