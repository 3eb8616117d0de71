import { readFileSync } from "node:fs";
import { bind } from "./store.js";

export { StowbookError } from "./error.js";

const file = new URL("../pkg/stowbook.wasm", import.meta.url);

export const { Store, version } = bind(new WebAssembly.Module(readFileSync(file)));
