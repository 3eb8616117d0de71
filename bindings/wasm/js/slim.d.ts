import type { Store, version } from "./index.js";

export * from "./index.js";

/** The API on a WebAssembly module that the caller brings: the bytes of `stowbook/stowbook.wasm`, or compiled. */
export function load(wasm: BufferSource | WebAssembly.Module): Promise<{ Store: typeof Store; version: typeof version }>;
