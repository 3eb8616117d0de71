/** Loads and compiles a module. Not while it streams: many servers send wasm with another MIME type. */
export async function fetchModule(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be loaded: status ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** A module that the caller brings: its bytes, or compiled. */
export async function compiled(wasm) {
  return wasm instanceof WebAssembly.Module ? wasm : WebAssembly.compile(wasm);
}
