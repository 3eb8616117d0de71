import { bindChecker } from "../checker.js";
import { Shared } from "../instance.js";

/** The checker's functions on a compiled module. */
export function bindCheck(engine) {
  const shared = new Shared(engine);
  let version;
  return { ...bindChecker(shared), version: () => (version ??= shared.call((wasm) => wasm.version())) };
}
