// How long the checker takes for files, beside its peer; as JSON, for bench/validate.

import { readFileSync } from "node:fs";
import { compare } from "./peer.mjs";

console.log(JSON.stringify(process.argv.slice(2).map((file) => ({ file, ...compare(readFileSync(file, "utf8")) }))));
