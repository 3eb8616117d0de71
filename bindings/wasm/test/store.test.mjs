import assert from "node:assert/strict";
import { test } from "node:test";
import { Store, StowbookError, version } from "stowbook";
import packageJson from "stowbook/package.json" with { type: "json" };

const RUNC = "io.containerd.runc.v2";
const open = () => {
  const store = Store.inMemory();
  return { store, containers: store.namespace("default").containers };
};
const kind = (expected) => (error) => error instanceof StowbookError && error.kind === expected;

test("the version is the package's", () => {
  assert.equal(version(), packageJson.version);
});

test("a record comes back as it was stored", () => {
  const { containers } = open();
  const given = {
    id: "web",
    labels: { tier: "front", empty: "" },
    image: "docker.io/library/nginx:1.27",
    runtime: { name: RUNC, options: { typeUrl: "options", value: new Uint8Array([0, 255]) } },
    spec: { typeUrl: "spec", value: new TextEncoder().encode("{}") },
    snapshotter: "overlayfs",
    snapshotKey: "web",
    extensions: { note: { typeUrl: "text", value: new Uint8Array() } },
    sandboxId: "pod",
  };
  const created = containers.create(given);
  assert.match(created.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.equal(created.updatedAt, created.createdAt);
  const { createdAt, updatedAt, ...rest } = created;
  assert.deepEqual(rest, { ...given, labels: { tier: "front" } });
  assert.deepEqual(containers.get("web"), created);
  assert.deepEqual(containers.list(), [created]);
  assert.deepEqual(structuredClone(created), created, "it is a plain object");
});

test("members that are absent are empty, and those without a value are not there", () => {
  const { containers } = open();
  const { createdAt, updatedAt, ...rest } = containers.create({ id: "web", runtime: { name: RUNC }, spec: undefined });
  assert.deepEqual(rest, {
    id: "web",
    labels: {},
    image: "",
    runtime: { name: RUNC },
    snapshotter: "",
    snapshotKey: "",
    extensions: {},
    sandboxId: "",
  });
});

test("filters select, and any of them is enough", () => {
  const { containers } = open();
  for (const id of ["b", "a", "c"]) containers.create({ id, runtime: { name: RUNC }, labels: { name: id } });
  const ids = (...filters) => containers.list(...filters).map(({ id }) => id);
  assert.deepEqual(ids(), ["a", "b", "c"]);
  assert.deepEqual(ids("labels.name==b"), ["b"]);
  assert.deepEqual(ids("id==c", "id~=^a"), ["a", "c"]);
  assert.throws(() => ids("id=="), kind("invalid_argument"));
});

test("an update changes the fields that it names", () => {
  const { containers } = open();
  const created = containers.create({ id: "web", runtime: { name: RUNC }, image: "one", labels: { a: "1", b: "2" } });
  containers.update({ id: "web", image: "two", labels: { a: "3" } }, { fields: ["labels.a"] });
  assert.deepEqual(containers.get("web").labels, { a: "3", b: "2" });
  assert.equal(containers.get("web").image, "one");
  const replaced = containers.update({ ...created, image: "two", labels: {} });
  assert.equal(replaced.image, "two");
  assert.equal(replaced.createdAt, created.createdAt);
  assert.deepEqual(containers.get("web").labels, {});
  assert.throws(() => containers.update({ id: "web" }, { fields: ["id"] }), kind("invalid_argument"));
});

test("errors have a kind, containerd's message, help and details", () => {
  const { containers } = open();
  containers.create({ id: "web", runtime: { name: RUNC } });
  assert.throws(() => containers.get("db"), {
    name: "StowbookError",
    kind: "not_found",
    code: "not_found",
    message: 'container "db" in namespace "default": not found',
  });
  assert.throws(() => containers.create({ id: "web", runtime: { name: RUNC } }), kind("already_exists"));
  assert.throws(() => containers.delete("db"), kind("not_found"));
  const tooLong = () => containers.create({ id: "db", runtime: { name: RUNC }, labels: { long: "x".repeat(5000) } });
  assert.throws(tooLong, (error) => {
    assert.equal(error.kind, "invalid_argument");
    assert.equal(error.details.limit_bytes, "4096");
    assert(error.help.length > 0);
    return error instanceof StowbookError && error instanceof Error;
  });
});

test("what is deleted is gone", () => {
  const { containers } = open();
  containers.create({ id: "web", runtime: { name: RUNC } });
  assert.equal(containers.delete("web"), undefined);
  assert.throws(() => containers.get("web"), kind("not_found"));
});

test("namespaces are made, labelled, listed and deleted", () => {
  const { store } = open();
  const { namespaces } = store;
  assert.deepEqual(namespaces.create({ name: "k8s.io", labels: { owner: "kubelet" } }), {
    name: "k8s.io",
    labels: { owner: "kubelet" },
  });
  assert.throws(() => namespaces.create({ name: "k8s.io" }), kind("already_exists"));
  assert.equal(namespaces.update({ name: "k8s.io", labels: { a: "1" } }, { fields: ["labels.a"] }), undefined);
  assert.deepEqual(namespaces.get("k8s.io").labels, { a: "1", owner: "kubelet" });
  store.namespace("other").containers.create({ id: "web", runtime: { name: RUNC } });
  assert.deepEqual(namespaces.list().map(({ name }) => name), ["k8s.io", "other"]);
  assert.throws(() => namespaces.delete("other"), kind("failed_precondition"));
  namespaces.delete("k8s.io");
  assert.throws(() => namespaces.delete("k8s.io"), kind("not_found"));
});

test("a namespace keeps its records to itself", () => {
  const { store, containers } = open();
  containers.create({ id: "web", runtime: { name: RUNC } });
  assert.deepEqual(store.namespace("other").containers.list(), []);
  assert.equal(store.namespace("default").name, "default");
  assert.throws(() => store.namespace("").containers.list(), kind("failed_precondition"));
});

test("stores do not share anything", () => {
  const { containers } = open();
  containers.create({ id: "web", runtime: { name: RUNC } });
  assert.deepEqual(open().containers.list(), []);
});

test("many stores live side by side", () => {
  const stores = Array.from({ length: 300 }, () => open());
  stores.forEach(({ containers }, i) => containers.create({ id: `c${i}`, runtime: { name: RUNC } }));
  stores.forEach(({ containers }, i) => assert.equal(containers.list()[0].id, `c${i}`));
  stores.forEach(({ store }) => store.free());
});

test("times come from Date.now, to the millisecond", (t) => {
  const { containers } = open();
  for (const [now, time] of [
    [Date.UTC(2026, 10, 21, 2, 3, 31, 782), "2026-11-21T02:03:31.782Z"],
    [0, "1970-01-01T00:00:00Z"],
    [-1, "1969-12-31T23:59:59.999Z"],
  ]) {
    const mocked = t.mock.method(Date, "now", () => now);
    assert.equal(containers.create({ id: `c${Math.abs(now)}`, runtime: { name: RUNC } }).createdAt, time);
    mocked.mock.restore();
  }
});

test("a clock that is set wrong gives the first time there is", (t) => {
  for (const now of [NaN, Infinity, -Infinity, 8.64e15, undefined, "soon"]) {
    const { containers } = open();
    const mocked = t.mock.method(Date, "now", () => now);
    assert.equal(containers.create({ id: "a", runtime: { name: RUNC } }).createdAt, "0001-01-01T00:00:00Z");
    mocked.mock.restore();
  }
});
