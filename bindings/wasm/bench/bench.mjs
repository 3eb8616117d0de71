// How long checks and lists take in WebAssembly. Nothing is asserted.

import { readFileSync } from "node:fs";
import { Store } from "stowbook";
import { compare, time } from "./peer.mjs";

const spec = JSON.parse(readFileSync(new URL("../../../bench/spec.json", import.meta.url), "utf8"));

const shown = (us) => (us < 1000 ? `${us.toFixed(1)} µs` : `${(us / 1000).toFixed(1)} ms`);

function print(what, text) {
  const { findings, stowbook, errors, ajv } = compare(text);
  console.log(`${what}: stowbook ${shown(stowbook)} (${findings} findings), ajv with a source map ${shown(ajv)} ` +
    `(${errors} errors): ${(ajv / stowbook).toFixed(2)} x`);
}

const good = JSON.stringify(spec, undefined, 4);
print(`a config of ${good.length} bytes`, good);
const bad = JSON.stringify({ ...spec, hostname: 1, mounts: [{ type: "bind", source: "/srv" }, ...spec.mounts], bogus: {} }, undefined, 4);
print(`one of ${bad.length} bytes with mistakes`, bad);
const mount = { destination: "/data", type: "bind", source: "/srv", options: ["rbind", "ro"] };
const mounts = Array.from({ length: 7000 }, (_, index) => ({ ...mount, destination: `/data/${index}` }));
const large = JSON.stringify({ ...spec, mounts: [...spec.mounts, ...mounts] }, undefined, 2);
print(`one of ${(large.length / (1 << 20)).toFixed(2)} MiB`, large);

const store = Store.inMemory();
const { containers } = store.namespace("default");
const value = new TextEncoder().encode(JSON.stringify(spec));
store.write((txn) => {
  const here = txn.namespace("default").containers;
  for (let index = 0; index < 10_000; index++) {
    here.create({
      id: `c${index}`,
      image: "docker.io/library/nginx:1.27",
      runtime: { name: "io.containerd.runc.v2" },
      labels: { app: `a${index % 100}` },
      spec: { typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Spec", value },
    });
  }
});
console.log(`a list of 10,000 containers with their specs: ${shown(time(() => containers.list()))}`);
console.log(`a list with a filter that keeps 1 %: ${shown(time(() => containers.list("labels.app==a7")))}`);
