import assert from "node:assert/strict";
import { test } from "node:test";
import * as full from "stowbook";
import * as small from "stowbook/check";
import * as redb from "stowbook/redb";
import { load } from "stowbook/check/slim";
import { readFileSync } from "node:fs";
import { answer } from "./answer.mjs";
import { checks, question } from "./fixtures.mjs";
import { reports } from "./native.mjs";

const { StowbookError, detect, explain, fix, rules, validate } = small;
const text = `{
  "ociVersion": "1.2.0",
  "root": { "path": "rootfs" },
  "process": { "cwd": "/", "args": ["sh"] },
  "mounts": [{ "destination": "/é😀", "type": "bind", "source": "/srv" }]
}`;

test("every fixture gets the same report as native, to the byte, from each build", () => {
  const all = checks();
  const native = reports(all.map(question));
  assert.equal(native.length, all.length);
  for (const [index, check] of all.entries()) assert.equal(answer(small, check), native[index], check.name);
  for (const [index, check] of all.entries()) {
    if (index % 4 === 0) assert.equal(answer(full, check), native[index], check.name);
    if (index % 40 === 0) assert.equal(answer(redb, check), native[index], check.name);
  }
  const findings = native.reduce((sum, line) => sum + JSON.parse(line).report.findings.length, 0);
  console.log(`${all.length} checks of fixtures with ${findings} findings are the same as native, to the byte`);
  assert(all.length > 4000 && findings > 10_000);
});

test("a finding says where and what", () => {
  const report = validate(text);
  assert.equal(report.kind, "runtime-config");
  assert.equal(report.verdict, "invalid");
  const finding = report.findings.find(({ code }) => code === "OCI-RT-0415");
  assert.equal(finding.pointer, "/mounts/0");
  assert.equal(finding.severity, "error");
  assert.deepEqual([finding.span.line, finding.span.column, finding.span.column_utf16], [5, 46, 47]);
  assert.deepEqual(validate(new TextEncoder().encode(text)), report, "bytes are the same as a string");
});

test("options are heard, and those that are not known refused", () => {
  assert(validate(text, { advice: true }).findings.length > validate(text).findings.length);
  assert.deepEqual(validate(text, { ignore: ["OCI", "CTD"] }).findings, []);
  assert.equal(validate(text, { kind: "image-manifest" }).kind, "image-manifest");
  assert.equal(validate(text, { maxFindings: 0 }).findings.length, 1);
  assert(validate(text, { host: { paths: { rootfs: "missing" } } }).skipped.length < validate(text).skipped.length);
  for (const [name, value] of [["kind", "text"], ["platform", "plan9"], ["profile", "podman"], ["cgroup", "v3"], ["phase", "end"], ["minSeverity", "bad"]]) {
    assert.throws(() => validate(text, { [name]: value }), (error) =>
      error instanceof StowbookError && error.kind === "invalid_argument" && /^one of /.test(error.help), name);
    assert.throws(() => validate(text, { [name]: 1 }), TypeError);
  }
  assert.throws(() => validate(text, { host: { paths: { "/": "hole" } } }), { kind: "invalid_argument" });
  for (const bad of [{ knd: "seccomp" }, null, [], "x", { maxFindings: -1 }, { maxFindings: 1.5 }, { strict: "yes" },
    { ignore: "OCI" }, { host: { blobs: { a: { size: -1 } } } }, { host: { processors: 2 ** 32 } }]) {
    assert.throws(() => validate(text, bad), TypeError);
  }
  for (const bad of [undefined, null, 1, {}, [1], new ArrayBuffer(1), new Uint16Array(1)]) {
    for (const work of [validate, fix, detect]) assert.throws(() => work(bad), TypeError);
  }
});

test("a repair gives back what it got, repaired", () => {
  const broken = '\uFEFF{"ociVersion": "1.2.0", "root": {"path": "é😀"},}';
  const fixed = fix(broken);
  assert(fixed.codes.includes("OCI-RT-0001"));
  assert.equal(typeof fixed.text, "string");
  assert(fixed.text.includes('"é😀"}}'), fixed.text);
  assert.deepEqual(fix(fixed.text), { text: fixed.text, codes: [] });
  const bytes = fix(new TextEncoder().encode(broken));
  assert(bytes.text instanceof Uint8Array);
  assert.equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.text), fixed.text);
});

test("rules explain themselves", () => {
  const rule = explain("OCI-RT-0415");
  assert.equal(rule.code, "OCI-RT-0415");
  assert.equal(rule.severity, "error");
  assert(rule.condition && rule.fix && rule.basis);
  assert.equal(explain("OCI-RT-9999"), undefined);
  const all = rules();
  assert(all.length > 500);
  assert.deepEqual(all.find(({ code }) => code === rule.code), rule);
  assert.throws(() => explain(1), TypeError);
});

test("a text tells what it is", () => {
  assert.equal(detect(text), "runtime-config");
  assert.equal(detect('{"imageLayoutVersion": "1.0.0"}'), "image-layout");
  assert.equal(detect("[]"), undefined);
  assert.equal(validate("[]").kind, null);
});

test("half of a surrogate pair is a finding; a string with one cannot be repaired", () => {
  const codes = (text) => validate(text).findings.map(({ code }) => code);
  assert.deepEqual(codes('{"ociVersion": "1.2.0\ud800"}'), codes(Uint8Array.from(Buffer.from('{"ociVersion": "1.2.0\u0001"}', "latin1").toString("latin1").replace("\u0001", "\xed\xa0\x80"), (c) => c.charCodeAt(0))));
  assert.deepEqual(codes('{"a": "\ud83d\ude00"}'), codes('{"a": "😀"}'));
  assert.throws(() => fix('{"a": "\udc00"}'), { kind: "invalid_argument" });
});

test("16 MiB, and more than any limit, are checked", () => {
  const element = "[0,0,0,0,0,0,0,0],";
  const wide = `[${element.repeat((16 << 20) / element.length - 1)}0]`;
  assert(wide.length <= 16 << 20);
  assert.equal(validate(wide, { kind: "runtime-config" }).verdict, "invalid");
  const deep = "[".repeat(16 << 20);
  assert.equal(validate(deep).verdict, "invalid");
  const strings = `{${'"a":"b",'.repeat(20_000)}"c":1}`;
  assert.equal(validate(strings, { kind: "runtime-config" }).findings.length, 1001);
  for (const size of [(16 << 20) + 1, 64 << 20]) {
    const { findings } = validate(new Uint8Array(size).fill(0x20));
    assert.deepEqual(findings.map(({ code }) => code), ["OCI-RT-0009"]);
  }
});

test("an instance that trapped is replaced, and the error says so", (t) => {
  const broken = new Error("broken");
  const mocked = t.mock.method(JSON, "parse", () => {
    throw broken;
  });
  assert.throws(() => validate(text), (error) =>
    error instanceof StowbookError && error.kind === "internal" && error.cause === broken && /next call loads a new instance/.test(error.help));
  mocked.mock.restore();
  assert.equal(validate(text).verdict, "invalid");
});

test("the slim entry takes the module from the caller", async () => {
  const bytes = readFileSync(new URL(import.meta.resolve("stowbook/check.wasm")));
  const slim = await load(bytes);
  assert.deepEqual(slim.validate(text), validate(text));
  assert.equal(slim.version(), small.version());
});
