// The native programs that the package is compared with. ci/wasm builds them and says where they are.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = (variable, name) =>
  process.env[variable] ?? fileURLToPath(new URL(`../../../target/debug/${name}`, import.meta.url));

export const cli = program("STOWBOOK", "stowbook");
const conformance = program("CONFORMANCE", "stowbook-conformance");

const run = (file, args, input) => execFileSync(file, args, { input, encoding: "utf8", maxBuffer: 1 << 30 });

export const stowbook = (...args) => run(cli, args);

/** What the core's checker says to questions of `fixtures.mjs`, a line each. */
export function reports(questions) {
  return run(conformance, ["--reports"], questions.map((question) => `${question}\n`).join("")).trimEnd().split("\n");
}
