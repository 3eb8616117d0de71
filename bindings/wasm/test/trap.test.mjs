import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Store, StowbookError } from "stowbook";
import { load } from "stowbook/slim";

const runtime = { name: "io.containerd.runc.v2" };
const trapped = (error) =>
  error instanceof StowbookError && error.kind === "internal" && /trapped/.test(error.message) && /open the book again/.test(error.help);

test("a trapped instance refuses further calls, and other stores go on", (t) => {
  const [store, other] = [Store.inMemory(), Store.inMemory()];
  const { containers } = store.namespace("default");
  containers.create({ id: "a", runtime });
  // A clock that throws ends a call in the middle: to the instance that is the same as a trap.
  const broken = new Error("no clock");
  const mocked = t.mock.method(Date, "now", () => {
    throw broken;
  });
  assert.throws(() => containers.create({ id: "b", runtime }), (error) => trapped(error) && error.cause === broken);
  mocked.mock.restore();
  assert.throws(() => containers.get("a"), trapped);
  assert.throws(() => store.namespaces.list(), trapped);
  assert.throws(() => store.write(() => assert.fail("it ran")), trapped);
  store.free();
  assert.deepEqual(other.namespaces.list(), []);
  assert.deepEqual(Store.inMemory().namespaces.list(), []);
});

test("a write that traps ends, though its callback goes on", (t) => {
  const store = Store.inMemory();
  const write = () =>
    store.write((txn) => {
      const mocked = t.mock.method(Date, "now", () => {
        throw new Error("no clock");
      });
      assert.throws(() => txn.namespace("default").containers.create({ id: "a", runtime }), trapped);
      mocked.mock.restore();
    });
  assert.throws(write, trapped);
});

test("the collector frees what nobody holds any more, but not in an instance that trapped", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const Real = WebAssembly.Instance;
  t.after(() => (WebAssembly.Instance = Real));
  const freed = async (use) => {
    let count = 0;
    WebAssembly.Instance = class extends Real {
      get exports() {
        const real = super.exports;
        const counted = (name) => (...values) => (count++, real[name](...values));
        return Object.fromEntries(Object.keys(real).map((name) => [name, name.endsWith("_free") ? counted(name) : real[name]]));
      }
    };
    const kept = Store.inMemory();
    use(kept);
    const before = count;
    for (let round = 0; round < 20 && count === before; round++) {
      collect();
      await setTimeout(5);
    }
    kept.free();
    return count - before;
  };
  const list = (store) => store.namespace("default").containers.list();
  assert.notEqual(await freed(list), 0);
  const trap = (store) => {
    list(store);
    const mocked = t.mock.method(Date, "now", () => {
      throw new Error("no clock");
    });
    assert.throws(() => store.namespace("default").containers.create({ id: "a", runtime }), trapped);
    mocked.mock.restore();
  };
  assert.equal(await freed(trap), 0);
});

test("a full stack in the middle of a call is a trap, at its edge it is not", () => {
  let [survived, broke] = [0, 0];
  for (let round = 0; round < 20; round++) {
    const store = Store.inMemory();
    const { containers } = store.namespace("default");
    containers.create({ id: "a", runtime });
    const pad = (n) => (n === 0 ? deeper() : pad(n - 1));
    const deeper = () => {
      try {
        deeper();
      } catch (error) {
        if (error instanceof RangeError) containers.list();
        throw error;
      }
    };
    try {
      pad(round);
    } catch (error) {
      assert(error instanceof RangeError || trapped(error), error);
    }
    try {
      assert.equal(containers.get("a").id, "a");
      survived++;
    } catch (error) {
      assert(trapped(error), error);
      broke++;
    }
  }
  assert.equal(survived + broke, 20);
});

test("the slim entry takes the wasm from the caller", async () => {
  const bytes = readFileSync(new URL(import.meta.resolve("stowbook/stowbook.wasm")));
  for (const wasm of [bytes, new WebAssembly.Module(bytes)]) {
    const slim = await load(wasm);
    assert.equal(slim.Store.inMemory().namespaces.list().length, 0);
    assert.equal(typeof slim.version(), "string");
  }
  await assert.rejects(load(new Uint8Array(4)), WebAssembly.CompileError);
  await assert.rejects(load(undefined), TypeError);
});

test("the entry for browsers fetches it", async (t) => {
  t.mock.method(globalThis, "fetch", async (url) => new Response(readFileSync(url)));
  const web = await import("../js/full/web.js");
  assert.equal(web.Store.inMemory().namespaces.list().length, 0);
  assert.equal(web.StowbookError, StowbookError);
});
