// Records: from what callers pass to what WebAssembly takes, and back.
//
// They cross the boundary as the core's JSON, with the bytes beside it: `bindings/wasm/src/transfer.rs` is the other end.

import { bytes, concatenated, entries, integer, members, text } from "./arguments.js";
import { exhausted } from "./error.js";

const labels = (value, what) => entries(value, what, text);
const any = (value, what) => members(value, what, { typeUrl: text, value: bytes, unknown: bytes });
const extensions = (value, what) => entries(value, what, any);
const runtime = (value, what) => members(value, what, { name: text, options: any, unknown: bytes });
const times = { createdAt: text, updatedAt: text };
const DESCRIPTOR = { mediaType: text, digest: text, size: integer, annotations: labels, unknown: bytes };

/** The members that a record of each kind may have. */
const SHAPES = {
  blob: { digest: text, size: integer, ...times, labels, unknown: bytes },
  container: {
    id: text,
    labels,
    image: text,
    runtime,
    spec: any,
    snapshotter: text,
    snapshotKey: text,
    ...times,
    extensions,
    sandboxId: text,
    unknown: bytes,
  },
  descriptor: DESCRIPTOR,
  event: { timestamp: text, namespace: text, topic: text, event: any, unknown: bytes },
  image: { name: text, labels, target: (value, what) => members(value, what, DESCRIPTOR), ...times, unknown: bytes },
  lease: { id: text, createdAt: text, labels, unknown: bytes },
  namespace: { name: text, labels, unknown: bytes },
  resource: { id: text, type: text, unknown: bytes },
  sandbox: { id: text, runtime, spec: any, labels, ...times, extensions, sandboxer: text, unknown: bytes },
  snapshot: { name: text, parent: text, kind: text, labels, ...times, backendName: text, unknown: bytes },
};

/** The kinds of records. */
export const KINDS = Object.keys(SHAPES);

/** Reads a record that a caller passes: two lines of JSON, and the bytes beside them. */
export function pack(kind, value) {
  const read = members(value, kind, SHAPES[kind]);
  // What JavaScript itself has no room for is refused before it tries.
  if (sizeOf(read) >= 2 ** 29) throw exhausted();
  const pieces = [];
  let end = 0;
  const put = (piece) => {
    if (piece?.length) pieces.push(piece);
    end += piece?.length ?? 0;
    return end;
  };
  const putUnknown = (piece) => (piece?.length ? [end, put(piece)] : undefined);
  const putAny = ({ typeUrl = "", value, unknown } = {}) => ({
    type_url: typeUrl,
    value_text: `${end},${put(value)},${put(unknown)}`,
  });
  const given = (value, change) => (value === undefined ? undefined : change(value));

  const { id, name, digest, parent, image, snapshotter, sandboxer, type, namespace, topic } = read;
  const record = {
    ...{ id, name, digest, parent, image, snapshotter, sandboxer, type, namespace, topic },
    labels: given(read.labels, Object.fromEntries),
    kind: read.kind,
    snapshot_key: read.snapshotKey,
    sandbox_id: read.sandboxId,
    backend_name: read.backendName,
    media_type: read.mediaType,
    annotations: given(read.annotations, Object.fromEntries),
    runtime: given(read.runtime, ({ name, options }) => ({ name, options: given(options, putAny) })),
    spec: given(read.spec, putAny),
    event: given(read.event, putAny),
    extensions: given(read.extensions, (all) => Object.fromEntries(all.map(([name, value]) => [name, putAny(value)]))),
    target: given(read.target, ({ mediaType, digest, annotations }) => ({
      media_type: mediaType,
      digest,
      annotations: given(annotations, Object.fromEntries),
    })),
  };
  const beside = {
    size: read.size ?? read.target?.size,
    times: { created_at: read.createdAt, updated_at: read.updatedAt, timestamp: read.timestamp },
    unknown: putUnknown(read.unknown),
    inner: putUnknown(read.runtime?.unknown ?? read.target?.unknown),
  };
  return { lines: stringified(record, beside), bytes: concatenated(pieces) };
}

function stringified(record, beside) {
  try {
    return `${JSON.stringify(record)}\n${JSON.stringify(beside)}`;
  } catch (cause) {
    // It would be longer than any string.
    if (!(cause instanceof RangeError)) throw cause;
    throw exhausted({ cause });
  }
}

/** The record that WebAssembly sent, as a plain object; what was sent is freed. */
export function take(kind, sent) {
  const [parcel, bytes] = open(sent);
  return UNPACK[kind](parcel, bytes);
}

/** The records that WebAssembly sent. */
export function takeAll(kind, sent) {
  const [parcels, bytes] = open(sent);
  return parcels.map((parcel) => UNPACK[kind](parcel, bytes));
}

/** What WebAssembly sent: what its JSON holds, and the bytes beside it. */
export function open(sent) {
  const out = [JSON.parse(sent.takeJson()), sent.takeBytes()];
  sent.free();
  return out;
}

/** An event of a page that WebAssembly sent. */
export function takeEvent({ number, published, payload, envelope }, bytes) {
  return { number, published, ...UNPACK.event(envelope, bytes), ...present("payload", payload) };
}

const UNPACK = {
  blob: ({ record, beside: { size, unknown } }, bytes) => ({
    digest: record.digest,
    size: number(size),
    ...timesOf(record),
    labels: record.labels ?? {},
    ...unknownOf(unknown, bytes),
  }),
  container: ({ record, beside: { unknown, inner } }, bytes) => ({
    id: record.id,
    labels: record.labels ?? {},
    image: record.image,
    runtime: runtimeOf(record, inner, bytes),
    ...present("spec", anyOf(record.spec, bytes)),
    snapshotter: record.snapshotter,
    snapshotKey: record.snapshot_key,
    ...timesOf(record),
    extensions: extensionsOf(record, bytes),
    sandboxId: record.sandbox_id ?? "",
    ...unknownOf(unknown, bytes),
  }),
  descriptor: ({ record, beside: { size, unknown } }, bytes) => descriptorOf(record, size, unknown, bytes),
  event: ({ record, beside: { unknown } }, bytes) => ({
    ...present("timestamp", record.timestamp),
    namespace: record.namespace,
    topic: record.topic,
    ...present("event", anyOf(record.event, bytes)),
    ...unknownOf(unknown, bytes),
  }),
  image: ({ record, beside: { size, unknown, inner } }, bytes) => ({
    name: record.name,
    labels: record.labels ?? {},
    target: descriptorOf(record.target, size, inner, bytes),
    ...timesOf(record),
    ...unknownOf(unknown, bytes),
  }),
  lease: ({ record, beside: { unknown } }, bytes) => ({
    id: record.id,
    ...timesOf(record),
    labels: record.labels ?? {},
    ...unknownOf(unknown, bytes),
  }),
  namespace: ({ record, beside: { unknown } }, bytes) => ({
    name: record.name,
    labels: record.labels ?? {},
    ...unknownOf(unknown, bytes),
  }),
  resource: ({ record, beside: { unknown } }, bytes) => ({ id: record.id, type: record.type, ...unknownOf(unknown, bytes) }),
  sandbox: ({ record, beside: { unknown, inner } }, bytes) => ({
    id: record.id,
    runtime: runtimeOf(record, inner, bytes),
    ...present("spec", anyOf(record.spec, bytes)),
    labels: record.labels ?? {},
    ...timesOf(record),
    extensions: extensionsOf(record, bytes),
    sandboxer: record.sandboxer ?? "",
    ...unknownOf(unknown, bytes),
  }),
  snapshot: ({ record, beside: { unknown } }, bytes) => ({
    name: record.name,
    parent: record.parent ?? "",
    kind: record.kind,
    labels: record.labels ?? {},
    ...timesOf(record),
    backendName: record.backend_name ?? "",
    ...unknownOf(unknown, bytes),
  }),
};

function descriptorOf({ media_type: mediaType, digest, annotations = {} }, size, unknown, bytes) {
  return { mediaType, digest, size: number(size), annotations, ...unknownOf(unknown, bytes) };
}

function runtimeOf({ runtime: { name, options } }, inner, bytes) {
  return { name, ...present("options", anyOf(options, bytes)), ...unknownOf(inner, bytes) };
}

function extensionsOf({ extensions = {} }, bytes) {
  return Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name, anyOf(value, bytes)]));
}

function anyOf(any, bytes) {
  if (any === undefined) return undefined;
  const [start, end, unknownEnd] = atob(any.value_base64).split(",").map(Number);
  return { typeUrl: any.type_url, value: bytes.slice(start, end), ...unknownOf(end < unknownEnd && [end, unknownEnd], bytes) };
}

function timesOf({ created_at: createdAt, updated_at: updatedAt }) {
  return { ...present("createdAt", createdAt), ...present("updatedAt", updatedAt) };
}

function unknownOf(place, bytes) {
  return place ? { unknown: bytes.slice(...place) } : {};
}

function present(name, value) {
  return value === undefined ? {} : { [name]: value };
}

/** The number that a text says; a bigint where a number would be another. */
function number(text) {
  const out = Number(text);
  return Number.isSafeInteger(out) ? out : BigInt(text);
}

/** How many bytes of WebAssembly's memory texts and bytes take at most: a code unit of UTF-16 is up to 3 in UTF-8. */
export function sizeOf(value) {
  if (typeof value === "string") return value.length * 3;
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + sizeOf(item), 0);
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce((sum, item) => sum + sizeOf(item), 0);
}
