import { instantiate } from "../../pkg/check.js";
import { bindCheck } from "./bind.js";
import { fetchModule } from "../fetch.js";
import { Engine } from "../instance.js";

export { StowbookError } from "../error.js";

// Bundlers look for this very expression.
const module = await fetchModule(new URL("../../pkg/check.wasm", import.meta.url));

export const { detect, explain, fix, rules, validate, version } =
  bindCheck(new Engine(module, instantiate));
