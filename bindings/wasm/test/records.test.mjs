// Records as protobuf and JSON, filters on them, and the event log.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Filter, Store, StowbookError, decode, encode, fromJson, toJson } from "stowbook";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url))).cases;
const kind = (expected) => (error) => error instanceof StowbookError && error.kind === expected;
const any = { typeUrl: "t", value: new Uint8Array([0, 1, 255]) };
const times = { createdAt: "2026-01-02T03:04:05.000000006Z", updatedAt: "2026-01-02T03:04:05Z" };
const labels = { a: "1", __proto__x: "2" };
const runtime = { name: "io.containerd.runc.v2", options: any };
const target = { mediaType: "m", digest: `sha256:${"0".repeat(64)}`, size: 5, annotations: { k: "v" } };

const RECORDS = {
  blob: { digest: target.digest, size: 7, ...times, labels },
  container: { id: "c", labels, image: "i", runtime, spec: any, snapshotter: "s", snapshotKey: "k", ...times, extensions: { 10: any, 9: any, e: any }, sandboxId: "p" },
  descriptor: target,
  event: { timestamp: times.createdAt, namespace: "n", topic: "/t", event: any },
  image: { name: "i", labels, target, ...times },
  lease: { id: "l", createdAt: times.createdAt, labels },
  namespace: { name: "n", labels },
  resource: { id: "r", type: "snapshots/native" },
  sandbox: { id: "s", runtime, spec: any, labels, ...times, extensions: { e: any }, sandboxer: "podsandbox" },
  snapshot: { name: "s", parent: "p", kind: "committed", labels, ...times, backendName: "" },
};

for (const [name, record] of Object.entries(RECORDS)) {
  test(`a ${name} comes back from protobuf and from JSON`, () => {
    assert.deepEqual(decode(name, encode(name, record)), record);
    assert.deepEqual(fromJson(name, toJson(name, record)), record);
    assert.deepEqual(Buffer.from(encode(name, decode(name, encode(name, record)))), Buffer.from(encode(name, record)));
    assert.deepEqual(decode(name, encode(name, {})), decode(name, new Uint8Array()));
    for (const bad of [{ nope: 1 }, null, "x"]) {
      assert.throws(() => encode(name, bad), TypeError);
      assert.throws(() => toJson(name, bad), TypeError);
    }
    assert.throws(() => decode(name, new Uint8Array([0xff])), kind("invalid_argument"));
    assert.throws(() => fromJson(name, '{"nope": 1}'), kind("invalid_argument"));
    assert.throws(() => fromJson(name, "[]"), kind("invalid_argument"));
  });
}

test("kinds that do not exist are refused", () => {
  for (const work of [encode, decode, toJson, fromJson]) assert.throws(() => work("pod", {}), TypeError);
  assert.throws(() => new Filter().matches("namespace", { name: "n" }), TypeError);
});

test("what a message carries beyond this version goes back into it", () => {
  const later = (number, ...bytes) => [(number << 3) | 2, bytes.length, ...bytes];
  const message = Uint8Array.from([...later(1, 99), ...later(4, ...later(1, 114), ...later(15, 7)), ...later(15, 1, 2)]);
  const container = decode("container", message);
  assert.deepEqual([container.id, container.runtime.name], ["c", "r"]);
  assert.deepEqual([...container.unknown], later(15, 1, 2));
  assert.deepEqual([...container.runtime.unknown], later(15, 7));
  assert.deepEqual(Buffer.from(encode("container", container)), Buffer.from(message));
  for (const unknown of [[0xff], later(1, 98)]) {
    assert.throws(() => encode("container", { ...container, unknown: Uint8Array.from(unknown) }), kind("invalid_argument"));
  }
});

test("sizes have 64 bits", () => {
  for (const size of [0, -1, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n]) {
    assert.equal(decode("descriptor", encode("descriptor", { size })).size, size);
    assert.equal(fromJson("descriptor", toJson("descriptor", { size })).size, size);
  }
  assert.equal(decode("descriptor", encode("descriptor", { size: 5n })).size, 5);
  for (const size of [2 ** 53, 1.5, NaN, "5"]) assert.throws(() => encode("descriptor", { size }), TypeError);
  assert.throws(() => encode("descriptor", { size: 2n ** 63n }), kind("invalid_argument"));
});

/** A Unicode class in a regular expression is refused: the browser's build has no tables for it. */
const hasClass = (...filters) => filters.some((filter) => /\\[pP]\{?\w/.test(filter));

test("every filter of the vectors selects what containerd selects", () => {
  for (const { id, steps: [{ request: { filters, fields }, expect }] } of vectors("filters-match")) {
    const { ok, error } = expect["2.3"];
    if (hasClass(...filters)) assert.throws(() => new Filter(...filters), kind("not_implemented"), id);
    else if (error) assert.throws(() => new Filter(...filters), { kind: error.kind, message: error.message }, id);
    else assert.equal(new Filter(...filters).matchesFields(fields), ok.match, id);
  }
});

/** `{{a*300}}` in a vector stands for 300 times `a`. */
const expanded = (text) => text.replace(/\{\{(.+?)\*(\d+)\}\}/g, (_, piece, count) => piece.repeat(Number(count)));

test("every text of the vectors is a filter or is not", () => {
  let refused = 0;
  for (const { id, steps: [{ request, expect }] } of vectors("filters-parse")) {
    if (request.text === undefined) continue; // Bytes that no string has.
    const text = expanded(request.text);
    const { error } = expect["2.3"];
    if (error) assert.throws(() => new Filter(text), { kind: error.kind, ...(error.message && { message: expanded(error.message) }) }, id);
    else if (hasClass(text)) assert.throws(() => new Filter(text), kind("not_implemented"), id);
    else assert.deepEqual(new Filter(text).texts, [text], id);
    refused += error ? 1 : 0;
  }
  assert(refused > 100);
});

test("filters look at records", () => {
  const { container, image, event, lease, sandbox, blob, snapshot } = RECORDS;
  const passes = (filter, kind, record) => new Filter(filter).matches(kind, record);
  assert(passes("id==c,labels.a==1,runtime.name~=runc,image==i", "container", container));
  assert(!passes("id==d", "container", container));
  assert(passes("name==i,target.mediatype==m,annotations.k==v", "image", image));
  assert(passes("topic~=^.t$,namespace==n", "event", event));
  assert(passes("id==l", "lease", lease) && passes("labels.a==1", "sandbox", sandbox));
  assert(passes("name==s,parent==p", "snapshot", snapshot));
  assert.deepEqual(new Filter("id~=(").warnings.length, 1);
  assert.equal(new Filter().matches("container", {}), true);
});

test("the event log tells what happened, and goes on where one stopped", () => {
  const store = Store.inMemory();
  const here = store.namespace("default");
  here.images.create({ name: "i", target: { mediaType: "m", digest: target.digest, size: 1 } });
  here.leases.create({ id: "l" });
  const first = store.events.read({ limit: 1 });
  assert.deepEqual(first.events.map(({ number, topic, published, namespace }) => [number, topic, published, namespace]), [[1, "/images/create", true, "default"]]);
  assert.equal(first.events[0].payload.name, "i");
  assert.deepEqual([first.first, first.last], [1, 2]);
  const rest = store.events.read({ since: first.next });
  assert.equal(rest.events.length, 1);
  assert.equal(rest.events[0].published, false);
  store.events.publish("default", "/mine/happened", any);
  store.write((txn) => txn.events.publish("default", "/mine/again", any));
  assert.deepEqual(store.events.read({ since: 2, filters: ["topic~=^/mine/"] }).events.map(({ topic, event }) => [topic, [...event.value]]), [
    ["/mine/happened", [0, 1, 255]],
    ["/mine/again", [0, 1, 255]],
  ]);
  store.events.forward({ ...RECORDS.event, topic: "/forwarded/one" });
  assert.equal(store.events.read({ since: 4 }).events[0].timestamp, times.createdAt);
  assert.deepEqual(store.events.read({ since: "now" }).events, []);
  assert.throws(() => store.events.publish("default", "topic", any), kind("invalid_argument"));
  assert.throws(() => store.events.read({ since: "soon" }), kind("invalid_argument"));
  assert.throws(() => store.events.read({ since: Store.inMemory().events.read().next }), kind("failed_precondition"));
});

test("a lease holds what is made under it, and a collection takes the rest", () => {
  const store = Store.inMemory();
  const { images, leases } = store.namespace("default");
  leases.create({ id: "l" });
  const held = store.namespace("default", { lease: "l" });
  held.images.create({ name: "i", target: { mediaType: "m", digest: target.digest, size: 1 } });
  leases.addResource("l", { id: target.digest, type: "content" });
  assert(leases.resources("l").some(({ type }) => type === "content"));
  leases.deleteResource("l", { id: target.digest, type: "content" });
  const old = images.update({ name: "i", labels: { a: "1" } }, { fields: ["labels"], sourceDateEpoch: "2020-01-01T00:00:00Z" });
  assert.deepEqual([old.labels, old.updatedAt], [{ a: "1" }, "2020-01-01T00:00:00Z"]);
  assert.throws(() => images.delete("i", { target: { digest: `sha256:${"1".repeat(64)}` } }), StowbookError);
  images.delete("i", { sync: true });
  assert.deepEqual(images.list(), []);
  leases.delete("l", { sync: true });
  assert.throws(() => leases.resources("l"), kind("not_found"));
});

test("sandboxes are made, changed and deleted", () => {
  const { sandboxes } = Store.inMemory().namespace("default");
  const made = sandboxes.create({ id: "s", runtime: { name: "r" }, sandboxer: "podsandbox" });
  assert.equal(sandboxes.update({ ...made, labels: { a: "1" } }, { fields: ["labels"] }).labels.a, "1");
  assert.deepEqual(sandboxes.list("labels.a==1").map(({ id }) => id), ["s"]);
  sandboxes.delete("s");
  assert.throws(() => sandboxes.get("s"), kind("not_found"));
});
