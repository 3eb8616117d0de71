import assert from "node:assert/strict";
import { test } from "node:test";
import { Store, StowbookError } from "stowbook";

const container = (id) => ({ id, runtime: { name: "io.containerd.runc.v2" } });
const kind = (expected) => (error) => error instanceof StowbookError && error.kind === expected;
const ids = (place) => place.namespace("default").containers.list().map(({ id }) => id);

test("operations take effect together, and the result passes through", () => {
  const store = Store.inMemory();
  const result = store.write((txn) => {
    const { containers } = txn.namespace("default");
    containers.create(container("a"));
    containers.create(container("b"));
    assert.deepEqual(ids(txn), ["a", "b"], "it sees its own changes");
    assert.deepEqual(ids(store), [], "nobody else does");
    txn.namespaces.create({ name: "empty" });
    return { done: true };
  });
  assert.deepEqual(result, { done: true });
  assert.deepEqual(ids(store), ["a", "b"]);
  assert.deepEqual(store.namespaces.list().map(({ name }) => name), ["default", "empty"]);
});

test("nothing stays when the callback throws, and its error passes through", () => {
  const store = Store.inMemory();
  for (const thrown of [new RangeError("mine"), "text", undefined, null, 0, new StowbookError("unknown", "mine")]) {
    let caught = "nothing";
    try {
      store.write((txn) => {
        txn.namespace("default").containers.create(container("a"));
        throw thrown;
      });
    } catch (error) {
      caught = error;
    }
    assert.equal(caught, thrown);
    assert.deepEqual(store.namespaces.list(), []);
  }
});

test("an operation that fails leaves nothing, and the others may go on", () => {
  const store = Store.inMemory();
  store.write((txn) => {
    const { containers } = txn.namespace("default");
    containers.create(container("a"));
    assert.throws(() => containers.create(container("a")), kind("already_exists"));
    containers.create(container("b"));
  });
  assert.deepEqual(ids(store), ["a", "b"]);
});

test("a change by others meanwhile aborts it", () => {
  const store = Store.inMemory();
  const conflict = () =>
    store.write((txn) => {
      ids(txn);
      store.namespace("default").containers.create(container("theirs"));
      txn.namespace("default").containers.create(container("mine"));
    });
  assert.throws(conflict, kind("aborted"));
  assert.deepEqual(ids(store), ["theirs"]);
});

test("a write within a write is a transaction of its own", () => {
  const store = Store.inMemory();
  store.namespaces.create({ name: "default" });
  const nested = () =>
    store.write(() => {
      store.write((txn) => txn.namespaces.create({ name: "inner" }));
      throw new Error("outer");
    });
  assert.throws(nested, /outer/);
  assert.deepEqual(store.namespaces.list().map(({ name }) => name), ["default", "inner"]);
});

test("a transaction ends with its callback", () => {
  const store = Store.inMemory();
  let kept;
  store.write((txn) => void (kept = txn));
  assert.throws(() => kept.namespaces.list(), kind("failed_precondition"));
  assert.throws(() => kept.namespace("default").containers.create(container("a")), kind("failed_precondition"));
});

test("an asynchronous callback is refused, and nothing stays", () => {
  const store = Store.inMemory();
  const late = async (txn) => void txn.namespace("default").containers.create(container("a"));
  assert.throws(() => store.write(late), TypeError);
  assert.deepEqual(ids(store), []);
  const trap = { get then() { throw new Error("mine"); } };
  assert.throws(() => store.write(() => trap), /mine/);
  for (const bad of [undefined, null, {}, "f"]) assert.throws(() => store.write(bad), TypeError);
});

test("freeing the store within a write drops the write", () => {
  const store = Store.inMemory();
  const freed = () =>
    store.write((txn) => {
      store.free();
      txn.namespace("default").containers.create(container("a"));
    });
  assert.throws(freed, kind("failed_precondition"));
});
