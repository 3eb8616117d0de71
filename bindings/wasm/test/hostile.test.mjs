// Whatever is passed, a call ends in a result, a StowbookError, a TypeError, or the error of the caller's own code; and the
// store goes on. What ends in a trap is tested in trap.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { Store, StowbookError } from "stowbook/redb";

const runtime = { name: "io.containerd.runc.v2" };
const open = () => {
  const store = Store.inMemory();
  const { containers } = store.namespace("default");
  containers.create({ id: "kept", runtime });
  return { store, containers };
};

/** After whatever happened before, the store works. */
function works({ store, containers }) {
  assert.equal(containers.get("kept").id, "kept");
  containers.create({ id: "probe", runtime });
  containers.delete("probe");
  store.write((txn) => txn.namespace("default").containers.get("kept"));
}

const mine = new Error("mine");
const thrower = () => {
  throw mine;
};
const notTexts = [undefined, null, 0, NaN, 1n, true, Symbol("s"), {}, [], () => {}, new String("a"), new Date(), new Proxy({}, {})];
const notObjects = [undefined, null, 0, 1n, true, "text", Symbol("s"), [], () => {}, new Map(), new Set(), new Date(), /x/, new (class A {})()];
const notBytes = [null, 0, "AAAA", [1, 2], {}, new ArrayBuffer(8), new Uint16Array(2), new DataView(new ArrayBuffer(8)), new Proxy(new Uint8Array(2), {}),
  { [Symbol.toStringTag]: "Uint8Array", length: 3 }, Object.create(Uint8Array.prototype)];

test("texts that are not texts", () => {
  const opened = open();
  const { store, containers } = opened;
  for (const bad of notTexts) {
    assert.throws(() => containers.get(bad), TypeError);
    assert.throws(() => containers.delete(bad), TypeError);
    assert.throws(() => containers.list(bad), TypeError);
    assert.throws(() => store.namespace(bad), TypeError);
    assert.throws(() => store.namespaces.get(bad), TypeError);
    assert.throws(() => store.namespaces.delete(bad), TypeError);
    assert.throws(() => containers.update({ id: "kept" }, { fields: [bad] }), TypeError);
    assert.throws(() => containers.create({ id: "a", runtime, labels: { key: bad } }), TypeError);
    if (bad === undefined) continue;
    for (const name of ["id", "image", "snapshotter", "snapshotKey", "sandboxId", "createdAt", "updatedAt"]) {
      assert.throws(() => containers.create({ id: "a", runtime, [name]: bad }), new RegExp(`container\\.${name} must be a string`));
    }
    assert.throws(() => containers.create({ id: "a", runtime: { name: bad } }), /container\.runtime\.name must be a string/);
    assert.throws(() => store.namespaces.create({ name: bad }), TypeError);
  }
  works(opened);
});

test("objects that are not plain objects", () => {
  const opened = open();
  const { store, containers } = opened;
  for (const bad of notObjects) {
    assert.throws(() => containers.create(bad), TypeError);
    assert.throws(() => containers.update(bad), TypeError);
    assert.throws(() => store.namespaces.create(bad), TypeError);
    assert.throws(() => store.namespaces.update(bad), TypeError);
    if (bad === undefined) continue;
    for (const name of ["runtime", "labels", "spec", "extensions"]) {
      assert.throws(() => containers.create({ id: "a", runtime, [name]: bad }), TypeError, name);
    }
    assert.throws(() => containers.update({ id: "kept" }, bad), TypeError);
    if (!Array.isArray(bad)) assert.throws(() => containers.update({ id: "kept" }, { fields: bad }), TypeError);
  }
  works(opened);
});

test("bytes that are not bytes", () => {
  const opened = open();
  const { containers } = opened;
  for (const bad of notBytes) {
    assert.throws(() => Store.open(bad), TypeError);
    assert.throws(() => containers.create({ id: "a", runtime, spec: { typeUrl: "", value: bad } }), TypeError);
    assert.throws(() => containers.create({ id: "a", runtime, extensions: { x: { value: bad } } }), TypeError);
  }
  assert.throws(() => Store.open(), TypeError);
  const detached = new Uint8Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  assert.throws(() => containers.create({ id: "a", runtime, spec: { value: detached } }), TypeError);
  works(opened);
});

test("bytes that lie about themselves", () => {
  const opened = open();
  class Liar extends Uint8Array {
    get length() {
      return 2 ** 31;
    }
    get byteLength() {
      return thrower();
    }
  }
  const value = new Liar([1, 2, 3]);
  const stored = opened.containers.create({ id: "a", runtime, spec: { typeUrl: "t", value } });
  assert.deepEqual([...stored.spec.value], [1, 2, 3]);
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
  assert.deepEqual([...opened.containers.create({ id: "b", runtime, spec: { value: shared } }).spec.value], [7, 7, 7, 7]);
  const window = Buffer.from("xyz").subarray(1, 2);
  assert.deepEqual([...opened.containers.create({ id: "c", runtime, spec: { value: window } }).spec.value], [0x79]);
  works(opened);
});

test("members that are missing are for the core to judge", () => {
  const opened = open();
  const { store, containers } = opened;
  for (const bad of [{}, { id: "a" }, { runtime }, { id: "a", runtime: {} }, { id: undefined, runtime }]) {
    assert.throws(() => containers.create(bad), { name: "StowbookError", kind: "invalid_argument" });
  }
  assert.throws(() => containers.update({}), { kind: "invalid_argument" });
  assert.throws(() => store.namespaces.create({}), { kind: "invalid_argument" });
  works(opened);
});

test("members that nobody knows are refused", () => {
  const opened = open();
  const { store, containers } = opened;
  assert.throws(() => containers.create({ id: "a", runtime, snapshotkey: "k" }), /not known: "snapshotkey"/);
  assert.throws(() => containers.create({ id: "a", runtime, spec: { type_url: "t" } }), TypeError);
  assert.throws(() => containers.update({ id: "kept" }, { field: ["image"] }), TypeError);
  assert.throws(() => containers.update({ id: "kept" }, ["image"]), TypeError);
  assert.throws(() => store.namespaces.create({ name: "a", label: {} }), TypeError);
  works(opened);
});

test("halves of surrogate pairs", () => {
  const opened = open();
  const { store, containers } = opened;
  const invalid = { name: "StowbookError", kind: "invalid_argument" };
  for (const bad of ["\ud800", "a\udfff", "\udc00\ud800", "😀".slice(0, 1)]) {
    assert.throws(() => containers.get(bad), invalid);
    assert.throws(() => containers.list(`id==${bad}`), invalid);
    assert.throws(() => containers.create({ id: bad, runtime }), invalid);
    assert.throws(() => containers.create({ id: "a", runtime, labels: { [bad]: "v" } }), invalid);
    assert.throws(() => containers.create({ id: "a", runtime, labels: { k: bad } }), invalid);
    assert.throws(() => containers.create({ id: "a", runtime, extensions: { [bad]: {} } }), invalid);
    assert.throws(() => containers.update({ id: "kept" }, { fields: [bad] }), invalid);
    assert.throws(() => store.namespace(bad), invalid);
    assert.throws(() => containers.create({ id: "a", runtime, [bad]: 1 }), TypeError);
  }
  assert.equal(containers.create({ id: "a", runtime, image: "😀é漢\0" }).image, "😀é漢\0");
  works(opened);
});

test("getters and proxies that throw: their error passes through", () => {
  const opened = open();
  const { containers } = opened;
  const is = (error) => error === mine;
  const getter = (name) => Object.defineProperty({ id: "a", runtime }, name, { get: thrower, enumerable: true });
  for (const name of ["id", "labels", "runtime", "spec", "createdAt"]) assert.throws(() => containers.create(getter(name)), is);
  for (const trap of ["get", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"]) {
    assert.throws(() => containers.create(new Proxy({ id: "a", runtime }, { [trap]: thrower })), is, trap);
    assert.throws(() => containers.create({ id: "a", runtime, labels: new Proxy({ k: "v" }, { [trap]: thrower }) }), is, trap);
  }
  assert.throws(() => containers.update({ id: "kept" }, { fields: new Proxy([""], { get: thrower }) }), is);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.throws(() => containers.create(proxy), TypeError);
  works(opened);
});

test("proxies and objects of other realms that behave are read once", () => {
  const { containers } = open();
  const reads = {};
  const counting = new Proxy({ id: "a", runtime, image: "i" }, {
    get(target, name) {
      reads[name] = (reads[name] ?? 0) + 1;
      return target[name];
    },
  });
  assert.equal(containers.create(counting).image, "i");
  assert.deepEqual(reads, { id: 1, runtime: 1, image: 1 });
  const foreign = runInNewContext("({ id: 'f', runtime: { name: 'r' }, labels: { a: 'b' }, spec: { value: new Uint8Array([1]) } })");
  assert.deepEqual(containers.create(foreign).labels, { a: "b" });
  const bare = Object.assign(Object.create(null), { id: "n", runtime });
  assert.equal(containers.create(bare).id, "n");
});

test("getters that call the store, or free it", () => {
  const opened = open();
  const { store, containers } = opened;
  const reentrant = {
    id: "outer",
    runtime,
    get image() {
      return containers.create({ id: "inner", runtime }).id;
    },
  };
  assert.equal(containers.create(reentrant).image, "inner");
  works(opened);
  const freeing = {
    id: "late",
    get runtime() {
      store.free();
      return runtime;
    },
  };
  assert.throws(() => containers.create(freeing), { kind: "failed_precondition" });
});

test("names that mean something to JavaScript", () => {
  const { containers } = open();
  const labels = JSON.parse('{"__proto__": "p", "constructor": "c", "toString": "t", "1": "one", "length": "l"}');
  const extensions = JSON.parse('{"__proto__": {"typeUrl": "t"}}');
  const stored = containers.create({ id: "a", runtime, labels, extensions });
  assert.deepEqual(Object.entries(stored.labels).sort(), Object.entries(labels).sort());
  assert.equal(Object.getPrototypeOf(stored.labels), Object.prototype);
  assert.equal(stored.extensions.__proto__.typeUrl, "t");
  assert.equal(containers.list('labels."__proto__"==p').length, 1);
  assert.throws(() => containers.create(JSON.parse('{"id": "b", "__proto__": {}}')), TypeError);
  assert.throws(() => containers.create({ id: "b", runtime, toString: "x" }), TypeError);
});

test("a polluted Object.prototype changes nothing", () => {
  const { containers } = open();
  const names = ["id", "labels", "help", "cause", "spec", "options", "fields", "module"];
  for (const name of names) Object.defineProperty(Object.prototype, name, { get: thrower, set: thrower, configurable: true });
  try {
    assert.equal(containers.create({ ["id"]: "a", runtime: { name: "r" } }).spec === mine, false);
  } catch (error) {
    assert.equal(error, mine);
  } finally {
    for (const name of names) delete Object.prototype[name];
  }
  assert.equal(containers.get("kept").id, "kept");
});

test("huge values are stored or refused", () => {
  const opened = open();
  const { store, containers } = opened;
  const refused = { name: "StowbookError", kind: "resource_exhausted" };
  const text = "x".repeat(2 << 20);
  assert.equal(containers.create({ id: "text", runtime, image: text }).image.length, text.length);
  const value = new Uint8Array(8 << 20);
  assert.equal(containers.create({ id: "bytes", runtime, spec: { value } }).spec.value.length, value.length);
  assert.throws(() => containers.create({ id: text, runtime }), { kind: "invalid_argument" });
  assert.throws(() => containers.create({ id: "a", runtime, labels: { [text]: text } }), { kind: "invalid_argument" });
  assert.throws(() => containers.get(text), { kind: "not_found" });
  assert.deepEqual(containers.list(text), [], "it is the name of a field");
  assert.throws(() => store.namespace(text).containers.list(), { kind: "invalid_argument" });

  const longest = "y".repeat(2 ** 29 - 24);
  assert.throws(() => containers.create({ id: "a", runtime, image: longest }), refused);
  assert.throws(() => containers.get(longest), refused);
  assert.throws(() => containers.list(longest), refused);
  assert.throws(() => containers.update({ id: "kept" }, { fields: [longest] }), refused);
  assert.throws(() => store.namespace(longest).containers.list(), refused);
  assert.throws(() => containers.create({ id: "a", runtime, labels: { [longest]: "" } }), refused);
  assert.throws(() => containers.create({ id: "a", runtime, [longest]: "" }), TypeError);
  assert.throws(() => Store.open(new Uint8Array(2 ** 31)), refused);
  assert.throws(() => containers.create({ id: "a", runtime, spec: { value: new Uint8Array(2 ** 31) } }), refused);
  works(opened);
});

test("many labels, many filters, many fields", () => {
  const opened = open();
  const { containers } = opened;
  const labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key-${i}`, `${i}`]));
  assert.equal(Object.keys(containers.create({ id: "a", runtime, labels }).labels).length, 5_000);
  assert.equal(containers.list(...Array.from({ length: 500 }, (_, i) => `id==c${i}`), "id==a").length, 1);
  const fields = Object.keys(labels).map((key) => `labels.${key}`);
  assert.deepEqual(containers.update({ id: "a" }, { fields }).labels, {});
  works(opened);
});

test("times that are no times are refused, others are ignored", () => {
  const { containers } = open();
  assert.throws(() => containers.create({ id: "a", runtime, createdAt: "yesterday" }), { kind: "invalid_argument" });
  const stored = containers.create({ id: "a", runtime, createdAt: "2001-02-03T04:05:06.000000007Z" });
  assert.notEqual(stored.createdAt.slice(0, 4), "2001");
});

test("a buffer in the place of its bytes is told how to be given", () => {
  assert.throws(() => Store.open(new ArrayBuffer(8)), /^TypeError: bytes must be a Uint8Array, not an ArrayBuffer: give new Uint8Array\(buffer\)$/);
});
