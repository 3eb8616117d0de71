import { bind } from "./store.js";

export { StowbookError } from "./error.js";

/** The API on a WebAssembly module that the caller brings: its bytes, or compiled. */
export async function load(wasm) {
  return bind(wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm));
}
