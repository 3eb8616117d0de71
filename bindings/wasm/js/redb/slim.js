import { instantiate } from "../../pkg/redb.js";
import { bindRedb } from "../bind.js";
import { StowbookError } from "../error.js";
import { compiled } from "../fetch.js";
import { Engine } from "../instance.js";

export { StowbookError };

/** The API on a WebAssembly module that the caller brings: its bytes, or compiled. */
export async function load(wasm) {
  return { StowbookError, ...bindRedb(new Engine(await compiled(wasm), instantiate)) };
}
