// How long checks and lists take in WebAssembly, beside a peer in the same run: ajv with the schema of the OCI runtime
// specification, compiled, and a source map for the places. Nothing is asserted.

import Ajv from "ajv-draft-04";
import sourceMap from "json-source-map";
import { readFileSync, readdirSync } from "node:fs";
import { Store } from "stowbook";
import { validate } from "stowbook/check";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const spec = JSON.parse(read("../../../bench/spec.json"));

const ajv = new Ajv({ allErrors: true, strict: false, logger: false });
for (const file of readdirSync(new URL("schema/", import.meta.url)).filter((name) => name.endsWith(".json"))) {
  ajv.addSchema(JSON.parse(read(`schema/${file}`)), file);
}
const compiled = ajv.getSchema("config-schema.json");

/** What the schema has against a text, with the lines: the least that a peer has to do. */
function peer(text) {
  const { data, pointers } = sourceMap.parse(text);
  compiled(data);
  return (compiled.errors ?? []).map(({ instancePath, message }) => ({ message, place: pointers[instancePath]?.value }));
}

/** The best of several rounds, in microseconds of processor time a call: what else runs on the machine counts less so. */
function time(work, budgetMs = 700) {
  const used = (since) => {
    const { user, system } = process.cpuUsage(since);
    return user + system;
  };
  const rounds = [];
  for (const end = used() + budgetMs * 1000; used() < end; ) {
    let calls = 0;
    const start = process.cpuUsage();
    do {
      work();
      calls++;
    } while (used(start) < 40_000);
    rounds.push(used(start) / calls);
  }
  return Math.min(...rounds);
}

const shown = (us) => (us < 1000 ? `${us.toFixed(1)} µs` : `${(us / 1000).toFixed(1)} ms`);

function compare(what, text) {
  const findings = validate(text).findings.length;
  const [ours, theirs] = [time(() => validate(text)), time(() => peer(text))];
  console.log(`${what}: stowbook ${shown(ours)} (${findings} findings), ajv with a source map ${shown(theirs)} ` +
    `(${peer(text).length} errors): ${(theirs / ours).toFixed(2)} x`);
}

const good = JSON.stringify(spec, undefined, 4);
compare(`a config of ${good.length} bytes`, good);
const bad = JSON.stringify({ ...spec, hostname: 1, mounts: [{ type: "bind", source: "/srv" }, ...spec.mounts], bogus: {} }, undefined, 4);
compare(`one of ${bad.length} bytes with mistakes`, bad);
const mount = { destination: "/data", type: "bind", source: "/srv", options: ["rbind", "ro"] };
const mounts = Array.from({ length: 7000 }, (_, index) => ({ ...mount, destination: `/data/${index}` }));
const large = JSON.stringify({ ...spec, mounts: [...spec.mounts, ...mounts] }, undefined, 2);
compare(`one of ${(large.length / (1 << 20)).toFixed(2)} MiB`, large);

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
