import { bytes, text } from "./arguments.js";
import { Instance } from "./instance.js";
import { ReadableNamespace, ReadableNamespaces } from "./collections.js";
import { Place, disposable } from "./place.js";

const HELP = "check the file with MetaDb.check, or read it with MetaDb.salvage; and please report this";

export function bindMetaDb(engine) {
  /** Runs one function on the bytes of a file, in an instance of its own, whose memory goes back afterwards. */
  const once = (file, work) => {
    const view = bytes(file, "bytes");
    return JSON.parse(new Instance(engine, HELP).call((wasm) => work(wasm, view), roomFor(view)));
  };

  class MetaDb {
    #instance;
    #raw;
    #place;

    constructor(instance, raw) {
      if (!(instance instanceof Instance)) throw new TypeError("a MetaDb is made by MetaDb.fromBytes(bytes)");
      this.#instance = instance;
      this.#raw = raw;
      this.#place = new Place(instance, instance.call(() => raw.records()), "database");
      this.namespaces = new ReadableNamespaces(this.#place);
    }

    static fromBytes(file) {
      const view = bytes(file, "bytes");
      const instance = new Instance(engine, HELP);
      return new MetaDb(instance, instance.call((wasm) => wasm.MetaDb.fromBytes(view), roomFor(view)));
    }

    static check(file) {
      return once(file, (wasm, view) => wasm.checkMetaDb(view));
    }

    static salvage(file) {
      return once(file, (wasm, view) => wasm.salvageMetaDb(view));
    }

    namespace(name) {
      return new ReadableNamespace(this.#place, text(name, "name"));
    }

    info() {
      return JSON.parse(this.#place.run(() => this.#raw.info()));
    }

    dump() {
      return this.#place.run(() => this.#raw.dump());
    }

    free() {
      this.#instance = undefined;
      this.#raw = undefined;
      this.#place.close();
    }
  }

  disposable(MetaDb);
  return MetaDb;
}

/** The file itself, and what is read of it at a time. */
function roomFor({ length }) {
  return length + (16 << 20);
}
