export type * from "./index.js";
export { StowbookError } from "./index.js";

/** The API on a WebAssembly module that the caller brings: the bytes of the file, or compiled. */
export function load(wasm: BufferSource | WebAssembly.Module): Promise<typeof import("./index.js")>;
