import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Store, StowbookError } from "stowbook";

const wasFreed = { name: "StowbookError", kind: "failed_precondition", message: "the store was freed: failed precondition" };

test("a store that was freed refuses everything, and may be freed again", () => {
  const store = Store.inMemory();
  const { containers } = store.namespace("default");
  const { namespaces } = store;
  store.free();
  for (const call of [
    () => containers.get("a"),
    () => containers.list(),
    () => containers.create({ id: "a" }),
    () => containers.update({ id: "a" }),
    () => containers.delete("a"),
    () => namespaces.get("a"),
    () => namespaces.list(),
    () => namespaces.create({ name: "a" }),
    () => namespaces.update({ name: "a" }),
    () => namespaces.delete("a"),
    () => store.namespace("default").containers.list(),
    () => store.write(() => assert.fail("it ran")),
  ]) {
    assert.throws(call, wasFreed);
  }
  store.free();
  store[Symbol.dispose]();
});

test("Symbol.dispose frees", () => {
  const store = Store.inMemory();
  store[Symbol.dispose]();
  assert.throws(() => store.namespaces.list(), wasFreed);
});

test("a freed store leaves the others alone", () => {
  const [one, other] = [Store.inMemory(), Store.inMemory()];
  other.namespaces.create({ name: "kept" });
  one.free();
  assert.equal(other.namespaces.list()[0].name, "kept");
});

test("memory of a freed store goes back to the system", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const external = () => (collect(), process.memoryUsage().external);
  const before = external();
  const stores = Array.from({ length: 4 }, () => Store.inMemory());
  const spec = { typeUrl: "", value: new Uint8Array(4 << 20) };
  for (const store of stores) store.namespace("default").containers.create({ id: "a", runtime: { name: "r" }, spec });
  const full = external();
  assert(full - before > 64 << 20, `${full - before} bytes`);
  stores.forEach((store) => store.free());
  // What belongs to an instance is collected in turns.
  for (let turn = 0; turn < 50 && external() - before > 8 << 20; turn++) await setTimeout(10);
  assert(external() - before <= 8 << 20, `${external() - before} bytes are left of ${full - before}`);
});

test("a store is made by its two constructors only", () => {
  assert.throws(() => new Store(), TypeError);
  assert.throws(() => new Store({}, {}), TypeError);
  assert.equal(Store.name, "Store");
  assert(Store.inMemory() instanceof Store);
  assert.equal(typeof StowbookError, "function");
});
