// containerd's own databases of tests/metadb, against what the command line says of them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MetaDb, StowbookError, toJson } from "stowbook";
import { stowbook } from "./native.mjs";

const folder = fileURLToPath(new URL("../../../tests/metadb/", import.meta.url));
const files = readdirSync(folder).filter((name) => /^(containerd|handmade).*\.db$/.test(name));
const bytesOf = (name) => new Uint8Array(readFileSync(folder + name));
const newest = () => bytesOf("containerd-2.3.4.db");
const kind = (expected) => (error) => error instanceof StowbookError && error.kind === expected;
const json = (...args) => JSON.parse(stowbook("--output", "json", ...args));
// Exit status 1 says that there are findings.
const found = (...args) => {
  try {
    return json(...args);
  } catch (error) {
    return JSON.parse(error.stdout);
  }
};

for (const name of files) {
  test(`${name} is what it is natively`, () => {
    const path = folder + name;
    const bytes = bytesOf(name);
    const copy = Uint8Array.from(bytes);
    const db = MetaDb.fromBytes(bytes);
    let dump;
    try {
      dump = stowbook("metadb", "dump", path);
    } catch {
      // A record that nobody can decode.
      assert.throws(() => db.dump(), kind("data_loss"));
    }
    if (dump !== undefined) assert.equal(db.dump(), dump);
    assert.deepEqual(MetaDb.check(bytes), found("metadb", "check", path));
    assert.deepEqual(MetaDb.salvage(bytes), found("metadb", "salvage", path));
    const namespaces = db.namespaces.list();
    assert.deepEqual(namespaces.map((one) => JSON.parse(toJson("namespace", one))), json("--metadb", path, "namespaces", "list"));
    let records = 0;
    for (const namespace of namespaces) {
      const here = db.namespace(namespace.name);
      for (const [what, type] of [["containers", "container"], ["images", "image"], ["leases", "lease"], ["sandboxes", "sandbox"]]) {
        let native;
        try {
          native = json("--metadb", path, "-n", namespace.name, what, "list");
        } catch {
          assert.throws(() => here[what].list(), StowbookError);
          continue;
        }
        const listed = here[what].list();
        assert.deepEqual(listed.map((one) => JSON.parse(toJson(type, one))), native, `${namespace.name} ${what}`);
        records += listed.length;
        for (const one of what === "leases" ? [] : listed) assert.deepEqual(here[what].get(one.id ?? one.name), one);
      }
      assert.deepEqual(db.namespaces.get(namespace.name), namespace);
    }
    assert(records > 0);
    const native = json("metadb", "info", path);
    assert.deepEqual([db.info().pageSize, db.info().txid], [native.page_size, native.txid]);
    db.free();
    assert.deepEqual(bytes, copy);
  });
}

test("filters select, and a lease tells what it holds", () => {
  const db = MetaDb.fromBytes(newest());
  const { containers, leases } = db.namespace("default");
  const all = containers.list();
  const runc = containers.list("runtime.name==io.containerd.runc.v2");
  assert.deepEqual(runc, all.filter(({ runtime }) => runtime.name === "io.containerd.runc.v2"));
  assert(runc.length > 0 && runc.length < all.length);
  assert.throws(() => containers.list("id=x"), kind("invalid_argument"));
  assert.throws(() => containers.get("nope"), kind("not_found"));
  assert(leases.resources(leases.list()[0].id).length > 0);
  assert.equal(containers.create, undefined, "nothing can be changed");
});

test("damaged files are told of, salvaged, or refused, and never trap", () => {
  const bytes = newest();
  assert.throws(() => MetaDb.fromBytes(new Uint8Array()), StowbookError);
  assert.throws(() => MetaDb.fromBytes(new Uint8Array(100_000)), StowbookError);
  for (const bad of [undefined, "bytes", [1]]) assert.throws(() => MetaDb.fromBytes(bad), TypeError);
  let state = 1;
  const random = (below) => (state = (state * 48271) % 2147483647) % below;
  const outcomes = {};
  for (let round = 0; round < 60; round++) {
    const damaged = round % 2 ? bytes.slice(0, random(bytes.length)) : Uint8Array.from(bytes);
    for (let flips = 0; flips < 20; flips++) damaged[random(damaged.length)] ^= 1 << random(8);
    for (const work of [() => MetaDb.check(damaged), () => MetaDb.salvage(damaged), () => MetaDb.fromBytes(damaged).dump()]) {
      let outcome = "read";
      try {
        work();
      } catch (error) {
        assert(error instanceof StowbookError && error.kind !== "internal", error);
        outcome = error.kind;
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  }
  assert(outcomes.read > 60 && outcomes.data_loss > 0, JSON.stringify(outcomes));
});

test("a database that was freed refuses everything", () => {
  const db = MetaDb.fromBytes(newest());
  const { containers } = db.namespace("default");
  db.free();
  for (const call of [() => db.dump(), () => db.info(), () => db.namespaces.list(), () => containers.list()]) {
    assert.throws(call, { kind: "failed_precondition", message: "the database was freed: failed precondition" });
  }
  db.free();
});
