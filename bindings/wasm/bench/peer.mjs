// The checker beside a peer in the same run: ajv with the schema of the OCI runtime specification, compiled, and a source map for
// the places.

import Ajv from "ajv-draft-04";
import sourceMap from "json-source-map";
import { readFileSync, readdirSync } from "node:fs";
import { validate } from "stowbook/check";

const schemas = new URL("schema/", import.meta.url);
const ajv = new Ajv({ allErrors: true, strict: false, logger: false });
for (const file of readdirSync(schemas).filter((name) => name.endsWith(".json"))) {
  ajv.addSchema(JSON.parse(readFileSync(new URL(file, schemas), "utf8")), file);
}
const compiled = ajv.getSchema("config-schema.json");

/** What the schema has against a text, with the lines: the least that a peer has to do. */
function peer(text) {
  const { data, pointers } = sourceMap.parse(text);
  compiled(data);
  return (compiled.errors ?? []).map(({ instancePath, message }) => ({ message, place: pointers[instancePath]?.value }));
}

/** The best of several rounds, in microseconds of processor time a call: what else runs on the machine counts less so. */
export function time(work, budgetMs = 700) {
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

/** What both find in a text, and the time that each takes, in microseconds. */
export function compare(text) {
  return {
    findings: validate(text, { kind: "runtime-config" }).findings.length,
    stowbook: time(() => validate(text, { kind: "runtime-config" })),
    errors: peer(text).length,
    ajv: time(() => peer(text)),
  };
}
