// The driver of tests/conformance/DOORS.md: requests in, replies out, a line each.

import { createInterface } from "node:readline";
import { Store, StowbookError } from "stowbook";

const OPERATIONS = {
  "containers.get": (store, namespace, id) => [fromContainer(containers(store, namespace).get(id))],
  "containers.list": (store, namespace, ...filters) => containers(store, namespace).list(...filters).map(fromContainer),
  "containers.create": (store, namespace, record) => [
    fromContainer(containers(store, namespace).create(toContainer(record))),
  ],
  "containers.update": (store, namespace, record, ...fields) => [
    fromContainer(containers(store, namespace).update(toContainer(record), { fields })),
  ],
  "containers.delete": (store, namespace, id) => void containers(store, namespace).delete(id),
  "namespaces.get": (store, name) => [store.namespaces.get(name)],
  "namespaces.list": (store) => store.namespaces.list(),
  "namespaces.create": (store, record) => [store.namespaces.create(JSON.parse(record))],
  "namespaces.update": (store, record, ...fields) => void store.namespaces.update(JSON.parse(record), { fields }),
  "namespaces.delete": (store, name) => void store.namespaces.delete(name),
};

function containers(store, namespace) {
  return store.namespace(namespace ?? "").containers;
}

let store = Store.inMemory();
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${reply(line)}\n`);
}

function reply(line) {
  const [operation, ...words] = line.split(" ");
  if (operation === "reset") {
    store.free();
    store = Store.inMemory();
    return "ok";
  }
  if (!Object.hasOwn(OPERATIONS, operation)) return "unsupported";
  try {
    const records = OPERATIONS[operation](store, ...words.map(decode)) ?? [];
    return ["ok", ...records.map((record) => encode(JSON.stringify(record)))].join(" ");
  } catch (error) {
    if (!(error instanceof StowbookError)) throw error;
    return `error ${error.kind} ${encode(error.message)}`;
  }
}

/** The text of a word; undefined if it is absent. */
function decode(word) {
  return word === "-" ? undefined : Buffer.from(word.slice(1), "hex").toString();
}

function encode(text) {
  return `=${Buffer.from(text).toString("hex")}`;
}

/** A container as the package has it, from stowbook's JSON. */
function toContainer(json) {
  const { runtime, spec, snapshot_key, created_at, updated_at, extensions, sandbox_id, ...same } = JSON.parse(json);
  return {
    ...same,
    runtime: runtime && { ...runtime, options: toAny(runtime.options) },
    spec: toAny(spec),
    snapshotKey: snapshot_key,
    createdAt: created_at,
    updatedAt: updated_at,
    extensions: mapped(extensions, toAny),
    sandboxId: sandbox_id,
  };
}

function toAny(any) {
  return any && { typeUrl: any.type_url, value: Buffer.from(any.value_base64 ?? "", "base64") };
}

/** The other way; JSON leaves out what is undefined. */
function fromContainer({ runtime, spec, snapshotKey, createdAt, updatedAt, extensions, sandboxId, ...same }) {
  return {
    ...same,
    runtime: { ...runtime, options: fromAny(runtime.options) },
    spec: fromAny(spec),
    snapshot_key: snapshotKey,
    created_at: createdAt,
    updated_at: updatedAt,
    extensions: mapped(extensions, fromAny),
    sandbox_id: sandboxId,
  };
}

function fromAny(any) {
  return any && { type_url: any.typeUrl, value_base64: Buffer.from(any.value).toString("base64") };
}

function mapped(object, change) {
  return object && Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
