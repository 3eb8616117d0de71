import { bind } from "./store.js";

export { StowbookError } from "./error.js";

// Bundlers look for this very expression. Not compiled while it streams: many servers send wasm with another MIME type.
const response = await fetch(new URL("../pkg/stowbook.wasm", import.meta.url));
if (!response.ok) throw new Error(`stowbook.wasm could not be loaded: ${response.status} from ${response.url}`);

export const { Store, version } = bind(await WebAssembly.compile(await response.arrayBuffer()));
