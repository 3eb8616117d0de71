// The driver of tests/conformance/DOORS.md: requests in, replies out, a line each.

import { createInterface } from "node:readline";
import { Store, StowbookError, decode as fromMessage, fromJson, toJson } from "stowbook";

const written = (kind) => (record) => toJson(kind, record);
const reads = (kind) => (json) => fromJson(kind, json);
const of = (store, name, lease) => store.namespace(name ?? "", { lease });

/** What containers and sandboxes have alike. */
function operations(plural, kind) {
  const [write, read] = [written(kind), reads(kind)];
  return {
    [`${plural}.get`]: (store, name, id) => [write(of(store, name)[plural].get(id))],
    [`${plural}.list`]: (store, name, ...filters) => of(store, name)[plural].list(...filters).map(write),
    [`${plural}.create`]: (store, name, record) => [write(of(store, name)[plural].create(read(record)))],
    [`${plural}.update`]: (store, name, record, ...fields) => [write(of(store, name)[plural].update(read(record), { fields }))],
    [`${plural}.delete`]: (store, name, id) => void of(store, name)[plural].delete(id),
  };
}

const [image, lease, namespace] = ["image", "lease", "namespace"].map(written);
const [toImage, toLease, toNamespace] = ["image", "lease", "namespace"].map(reads);

const OPERATIONS = {
  ...operations("containers", "container"),
  ...operations("sandboxes", "sandbox"),
  "images.get": (store, name, key) => [image(of(store, name).images.get(key))],
  "images.list": (store, name, ...filters) => of(store, name).images.list(...filters).map(image),
  "images.create": (store, name, record, held, sourceDateEpoch) => [
    image(of(store, name, held).images.create(toImage(record), { sourceDateEpoch })),
  ],
  "images.update": (store, name, record, held, sourceDateEpoch, ...fields) => [
    image(of(store, name, held).images.update(toImage(record), { fields, sourceDateEpoch })),
  ],
  "images.delete": (store, name, key, held, digest, sync) =>
    void of(store, name, held).images.delete(key, { sync: sync === "true", target: digest === undefined ? undefined : { digest } }),
  "leases.list": (store, name, ...filters) => of(store, name).leases.list(...filters).map(lease),
  "leases.create": (store, name, record) => [lease(of(store, name).leases.create(toLease(record)))],
  "leases.delete": (store, name, id, sync) => void of(store, name).leases.delete(id, { sync: sync === "true" }),
  "leases.add_resource": (store, name, id, type, resource) => void of(store, name).leases.addResource(id, { id: resource, type }),
  "leases.delete_resource": (store, name, id, type, resource) => void of(store, name).leases.deleteResource(id, { id: resource, type }),
  "leases.list_resources": (store, name, id) => of(store, name).leases.resources(id).flatMap((one) => [one.type, one.id]),
  "events.publish": (store, name, topic, typeUrl, value) =>
    void store.events.publish(name ?? "", topic, { typeUrl, value: Uint8Array.from(Buffer.from(value, "latin1")) }),
  "events.forward": (store, envelope) =>
    void store.events.forward(fromMessage("event", Uint8Array.from(Buffer.from(envelope, "latin1")))),
  "events.read": (store, number) => store.events.read({ since: Number(number), limit: 2 ** 32 - 1 }).events.map(event),
  "namespaces.get": (store, name) => [namespace(store.namespaces.get(name))],
  "namespaces.list": (store) => store.namespaces.list().map(namespace),
  "namespaces.create": (store, record) => [namespace(store.namespaces.create(toNamespace(record)))],
  "namespaces.update": (store, record, ...fields) => void store.namespaces.update(toNamespace(record), { fields }),
  "namespaces.delete": (store, name) => void store.namespaces.delete(name),
};

/** Operations of which some word is bytes and no text: its place behind the operation. */
const BYTES = { "events.publish": 3, "events.forward": 0 };

/** An event as the core's JSON has it. */
function event({ number, published, timestamp, namespace, topic, event, payload }) {
  const what = event && { type_url: event.typeUrl, ...(payload ? { payload } : { value_base64: Buffer.from(event.value).toString("base64") }) };
  return JSON.stringify({ number, timestamp, namespace, topic, published, ...what });
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
    const records = OPERATIONS[operation](store, ...words.map((word, at) => decode(word, BYTES[operation] === at ? "latin1" : "utf8"))) ?? [];
    return ["ok", ...records.map(encode)].join(" ");
  } catch (error) {
    if (!(error instanceof StowbookError)) throw error;
    return `error ${error.kind} ${encode(error.message)}`;
  }
}

/** The text of a word; undefined if it is absent. */
function decode(word, encoding) {
  return word === "-" ? undefined : Buffer.from(word.slice(1), "hex").toString(encoding);
}

function encode(text) {
  return `=${Buffer.from(text).toString("hex")}`;
}
