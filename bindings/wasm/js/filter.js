import { entries, text, texts } from "./arguments.js";
import { COPIES, kindOf, roomFor } from "./codec.js";
import { pack, sizeOf } from "./record.js";

/** The kinds of records that have fields for filters. */
const KINDS = ["blob", "container", "event", "image", "lease", "sandbox", "snapshot"];

export function bindFilter(shared) {
  return class Filter {
    #texts;
    #raw;
    #home;

    constructor(...filters) {
      this.#texts = Object.freeze(texts(filters, "filters"));
      const warnings = this.#call((raw) => raw.warnings());
      this.warnings = Object.freeze(JSON.parse(warnings).map(Object.freeze));
    }

    get texts() {
      return this.#texts;
    }

    matches(kind, record) {
      const packed = pack(kindOf(kind, KINDS), record);
      return this.#call((raw) => raw.matchesRecord(kind, packed.lines, packed.bytes), roomFor(packed));
    }

    matchesFields(fields) {
      const inTurn = entries(fields, "fields", text).flat();
      return this.#call((raw) => raw.matchesFields(inTurn), COPIES * sizeOf(inTurn));
    }

    /** Runs `work` on the compiled filter; an instance that does not have it yet compiles it. */
    #call(work, bytes = 0) {
      return shared.call((wasm, instance) => {
        if (this.#home !== instance) {
          this.#raw = wasm.Filter.parse(this.#texts);
          this.#home = instance;
        }
        return work(this.#raw);
      }, bytes + COPIES * sizeOf(this.#texts));
    }
  };
}
