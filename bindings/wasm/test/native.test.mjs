// Books that the native command line wrote. It is taken from target/debug, or from where $STOWBOOK says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Store, StowbookError } from "stowbook/redb";

const cli = process.env.STOWBOOK ?? fileURLToPath(new URL("../../../target/debug/stowbook", import.meta.url));
const skip = process.env.STOWBOOK || existsSync(cli) ? false : `there is no ${cli}: run cargo build`;

describe("a book of the command line", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "stowbook-"));
  const file = join(folder, "book.redb");
  const run = (...args) => execFileSync(cli, ["--db", file, ...args], { encoding: "utf8" });
  let bytes;

  before(() => {
    run("c", "create", "img", "id1");
    run("c", "create", "--label", "tier=front", "img", "id2");
    run("namespaces", "create", "k8s.io");
    bytes = readFileSync(file);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("lists the same", () => {
    using(Store.open(bytes), (store) => {
      const listed = store.namespace("default").containers.list();
      assert.deepEqual(listed.map(inCoresWords), JSON.parse(run("--output", "json", "c", "list")));
      assert.equal(JSON.parse(new TextDecoder().decode(listed[0].spec.value)).ociVersion, "1.3.0");
      assert.deepEqual(store.namespaces.list().map(({ name }) => name), ["default", "k8s.io"]);
      assert.equal(store.namespace("default").containers.list("labels.tier==front")[0].id, "id2");
    });
  });

  test("can be changed, without changing the bytes", () => {
    const copy = Uint8Array.from(bytes);
    using(Store.open(bytes), (store) => {
      const { containers } = store.namespace("default");
      containers.create({ id: "new", runtime: { name: "r" } });
      containers.update({ id: "id1", image: "other" }, { fields: ["image"] });
      containers.delete("id2");
      store.write((txn) => txn.namespaces.create({ name: "more" }));
      assert.throws(() => store.write((txn) => (txn.namespaces.create({ name: "less" }), txn.namespaces.delete("nope"))), {
        kind: "not_found",
      });
      assert.deepEqual(containers.list().map(({ id, image }) => `${id} ${image}`), ["id1 other", "new "]);
      assert.deepEqual(store.namespaces.list().map(({ name }) => name), ["default", "k8s.io", "more"]);
    });
    assert.deepEqual(Uint8Array.from(bytes), copy);
    using(Store.open(bytes), (store) => assert.equal(store.namespace("default").containers.list()[1].id, "id2"));
  });

  test("is refused when it is cut short, empty or something else", () => {
    for (const length of [0, 1, 100, 4096, bytes.length - 1]) {
      assert.throws(() => Store.open(bytes.subarray(0, length)), { name: "StowbookError", kind: "data_loss" });
    }
    assert.throws(() => Store.open(new Uint8Array(100_000).fill(0xff)), { kind: "data_loss" });
    assert.throws(() => Store.open(readFileSync(cli).subarray(0, 1 << 20)), { kind: "data_loss" });
  });

  test("is read, refused or trapped when a bit is wrong, and another store goes on", () => {
    const other = Store.inMemory();
    other.namespaces.create({ name: "kept" });
    const used = [...bytes.keys()].filter((at) => bytes[at] !== 0);
    let state = 1;
    const random = (below) => (state = (state * 48271) % 2147483647) % below;
    const outcomes = {};
    for (let round = 0; round < 500; round++) {
      const damaged = Uint8Array.from(bytes);
      damaged[round % 2 ? used[random(used.length)] : random(4096)] ^= 1 << random(8);
      let outcome = "read";
      try {
        using(Store.open(damaged), (store) => {
          store.namespaces.list();
          store.namespace("default").containers.list();
          store.namespace("default").containers.create({ id: "new", runtime: { name: "r" } });
        });
      } catch (error) {
        assert(error instanceof StowbookError, error);
        outcome = error.kind;
      }
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    assert.equal(other.namespaces.get("kept").name, "kept");
    assert(outcomes.read > 0 && outcomes.data_loss > 0, JSON.stringify(outcomes));
  });
});

/** `using` before JavaScript has it. */
function using(store, work) {
  try {
    work(store);
  } finally {
    store.free();
  }
}

/** A container as the core's JSON has it. */
function inCoresWords({ runtime, createdAt, updatedAt, snapshotKey, sandboxId, spec, labels, extensions, ...same }) {
  const any = ({ typeUrl, value }) => ({ type_url: typeUrl, value_base64: Buffer.from(value).toString("base64") });
  assert.deepEqual([sandboxId, extensions], ["", {}], "what the core leaves out when it is empty");
  return {
    ...same,
    ...(Object.keys(labels).length ? { labels } : {}),
    runtime: { name: runtime.name, options: any(runtime.options) },
    spec: any(spec),
    snapshot_key: snapshotKey,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
