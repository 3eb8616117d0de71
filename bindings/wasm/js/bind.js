// The package's functions and classes on a compiled module, one function for each build of it.

import { bindChecker } from "./checker.js";
import { bindCodec } from "./codec.js";
import { bindFilter } from "./filter.js";
import { Shared } from "./instance.js";
import { bindMetaDb } from "./metadb.js";
import { bindFileStore, bindStore } from "./store.js";

/** All but the books in files. */
export function bindFull(engine, Store = bindStore(engine)) {
  const shared = new Shared(engine);
  let version;
  return {
    ...bindChecker(shared),
    ...bindCodec(shared),
    Filter: bindFilter(shared),
    MetaDb: bindMetaDb(engine),
    Store,
    version: () => (version ??= shared.call((wasm) => wasm.version())),
  };
}

/** All. */
export function bindRedb(engine) {
  return bindFull(engine, bindFileStore(engine));
}
