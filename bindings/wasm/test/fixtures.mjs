// The checker's fixtures of tests/checker, as texts with the options of checks.

import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../../../tests/checker/", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder));

// JSON with every number as it is written: 1.0 and 18446744073709551615 are what some rules are about.
const exactly = (json) =>
  JSON.parse(String(json).replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(`\u0001${token}`),
  ));
const written = (value) => JSON.stringify(value, undefined, 2).replace(/"\\u0001([^"]*)"/g, "$1");

/** The machine of core/src/check/tests.rs. */
function pathOnMachine(path) {
  if (path.startsWith("/link/")) return "symlink";
  if (path === "index.json") return "file";
  if (["nope", "nosuch", "nonexistent", "resctrl", "notexist", "/no/such"].some((part) => path.includes(part))) return "missing";
  if (["rootfs", "/tmp", "/srv"].includes(path)) return "directory";
  if (path.startsWith("rootfs/") && path.includes("/bin/") && !path.endsWith("/bin/true")) return "missing";
  if (path.includes("/bin/")) return "executable";
  return path.startsWith("rootfs/dev/") ? "missing" : "directory";
}

/** What that machine knows about the paths that a text may mean. */
export function machine(text) {
  const texts = String(text).match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  const paths = texts.map((quoted) => quoted.slice(1, -1)).filter((path) => path.length < 200);
  const all = paths.flatMap((path) => [path, `rootfs${path}`, `rootfs/${path}`]);
  return {
    paths: Object.fromEntries(["rootfs", "index.json", ...all].map((path) => [path, pathOnMachine(path)])),
    filesystems: ["tmpfs"],
    apparmor: false,
    selinux: false,
    terminal: false,
    processors: 2,
    hugePageSizes: ["2MB", "1GB"],
    blobs: {
      [`sha256:${"a".repeat(64)}`]: { size: 10, content: '{"rootfs": {"diff_ids": ["sha256:1"]}}' },
      [`sha256:${"b".repeat(64)}`]: { size: 20, matches: false },
    },
  };
}

const FLAGS = {
  advice: { advice: true },
  rootless: { rootless: true },
  systemd: { systemdCgroup: true },
  v1: { cgroup: "v1" },
  windows: { platform: "windows" },
};

/** A document of `cases`, changed as a column of `cases.tsv` says. */
function* cases() {
  for (const line of String(read("cases.tsv")).trim().split("\n").slice(1)) {
    const [code, base, flags, ...columns] = line.split("\t");
    for (const [index, column] of columns.entries()) {
      const { kind, document } = exactly(read(`cases/${base}.json`));
      const [, own, change] = column.match(/^(?:@(\S*) )?(.*)$/);
      const names = (own ?? flags).split(",").map((flag) => flag.split("=")[0]);
      const options = Object.assign({ kind }, ...names.map((name) => FLAGS[name] ?? {}));
      if (names.includes("auto")) delete options.kind;
      const changes = exactly(change);
      if (typeof changes === "object") for (const [pointer, value] of Object.entries(changes)) set(document, pointer, value);
      const text = typeof changes === "string" ? changes : written(document);
      if (names.includes("host") || names.includes("otherhost")) options.host = machine(text);
      yield { name: `${code} ${index}`, text: Buffer.from(text), options };
    }
  }
}

function set(document, pointer, value) {
  const steps = pointer.replace(/^-/, "").split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop();
  const parent = steps.reduce((value, step) => value?.[step], document);
  if (typeof parent !== "object") throw new Error(`nothing at ${pointer}`);
  if (!pointer.startsWith("-")) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

function* texts() {
  for (const { name, config } of JSON.parse(read("runtime/matrix.json"))) {
    const options = { kind: "runtime-config", host: machine(config) };
    yield { name: `matrix ${name}`, text: Buffer.from(config), options };
  }
  for (const part of ["runtime", "image"]) {
    for (const { file, kind } of JSON.parse(read(`${part}/vectors.json`))) {
      yield { name: file, text: read(`${part}/${file}`), options: { kind, profile: "runtime-spec" } };
    }
  }
  for (const file of ["runtime/runc-spec-1.1.5.json", "runtime/crun-spec-1.8.1.json"]) {
    yield { name: file, text: read(file), options: {} };
  }
  for (const file of readdirSync(new URL("records/", folder))) {
    yield { name: file, text: read(`records/${file}`), options: {} };
  }
  yield* cases();
  yield* hostile();
}

/** Texts that nobody should write. */
function* hostile() {
  const wide = "x".repeat(1000);
  const all = {
    nothing: "",
    "a byte order mark": '\uFEFF{"ociVersion": "1.2.0"}',
    "a NUL": '{"ociVersion": "1.2.0\0"}\0',
    "half of a pair, escaped": '{"ociVersion": "\\ud800"}',
    "127 deep": "[".repeat(127) + "]".repeat(127),
    "128 deep": "[".repeat(128) + "]".repeat(128),
    "129 deep": '{"a":'.repeat(129) + "1" + "}".repeat(129),
    "100,000 deep": "[".repeat(100_000),
    "no JSON": "ociVersion: 1.2.0\nroot:\n  path: rootfs\n",
    duplicates: `{"ociVersion": "1.2.0", "root": {"path": "a"}, "root": {"path": "b"}}`,
    "characters of every width": `{"ociVersion": "1.2.0", "hostname": "aé漢😀", "annotations": {"é😀": "${wide}"}}`,
    "many findings": `{${'"a":1,'.repeat(3000)}"b":1}`,
    "a literal that ends": '{"process": tru',
  };
  for (const [name, text] of Object.entries(all)) yield { name, text: Buffer.from(text), options: {} };
  yield { name: "invalid UTF-8", text: Buffer.from([...Buffer.from('{"ociVersion": "'), 0xff, 0xc0, 0x80, 0x22, 0x7d]), options: {} };
  yield { name: "half of a pair", text: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), options: {} };
}

/** Every text as it is meant, and under options that change what is said. */
export function checks() {
  const others = [
    { advice: true, strict: true, cgroup: "v2" },
    { kind: undefined, profile: "crun-1.8", rootless: true, systemdCgroup: true, phase: "create" },
    { profile: "runc-1.1", minSeverity: "warning", ignore: ["OCI-RT-05", "OCI-RT-0415@/mounts/*"], maxFindings: 2 },
  ];
  return [...texts()].flatMap(({ name, text, options }) =>
    [{}, ...others].map((other, index) => ({ name: `${name} (${index})`, text, options: { ...options, ...other } })),
  );
}

/** A check as the native side asks for it. */
export function question({ text, options: { host, ...options } }) {
  const base64 = (content) => Buffer.from(content).toString("base64");
  const snake = (object) =>
    object && Object.fromEntries(Object.entries(object).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]));
  const facts = snake(host);
  if (facts?.blobs) {
    facts.blobs = Object.fromEntries(Object.entries(facts.blobs).map(([digest, { size, matches = true, content }]) => [
      digest, { size, matches, ...(content && { content_base64: base64(content) }) },
    ]));
  }
  return JSON.stringify({ text_base64: base64(text), ...snake(options), host: facts });
}
