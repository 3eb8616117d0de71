// Records as protobuf, and as the core's JSON.

import { bytes, document, text } from "./arguments.js";
import { KINDS, pack, take } from "./record.js";

/** How often a value may be copied on its way. Measured at every size up to all of the memory. */
export const COPIES = 8;

/** The room that a packed record needs. */
export function roomFor({ lines, bytes }) {
  return COPIES * (lines.length * 3 + bytes.length);
}

/** A kind of record. The list of those is the package's own, so it is checked here. */
export function kindOf(value, kinds = KINDS) {
  if (kinds.includes(text(value, "kind"))) return value;
  throw new TypeError(`there is no kind of record ${JSON.stringify(value.slice(0, 80))}; it is one of ${kinds.join(", ")}`);
}

export function bindCodec(shared) {
  return {
    encode(kind, record) {
      const packed = pack(kindOf(kind), record);
      return shared.call((wasm) => wasm.encode(kind, packed.lines, packed.bytes), roomFor(packed));
    },

    decode(kind, message) {
      kindOf(kind);
      const given = bytes(message, "message");
      return shared.call((wasm) => take(kind, wasm.decode(kind, given)), COPIES * given.length);
    },

    toJson(kind, record) {
      const packed = pack(kindOf(kind), record);
      return shared.call((wasm) => wasm.toJson(kind, packed.lines, packed.bytes), roomFor(packed));
    },

    fromJson(kind, json) {
      kindOf(kind);
      const given = document(json, "json");
      return shared.call((wasm) => take(kind, wasm.fromJson(kind, given)), COPIES * given.length);
    },
  };
}
