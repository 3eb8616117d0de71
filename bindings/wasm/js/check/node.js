import { readFileSync } from "node:fs";
import { instantiate } from "../../pkg/check.js";
import { bindCheck } from "./bind.js";
import { Engine } from "../instance.js";

export { StowbookError } from "../error.js";

const file = new URL("../../pkg/check.wasm", import.meta.url);

export const { detect, explain, fix, rules, validate, version } =
  bindCheck(new Engine(new WebAssembly.Module(readFileSync(file)), instantiate));
