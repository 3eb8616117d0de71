// What `npm pack` makes works in an empty project: in Node, for TypeScript, and in a page that Vite built.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { MetaDb, Store, rules, validate } from "stowbook";
import { withPage } from "./browser.mjs";
import { checks } from "./fixtures.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "stowbook-package-"));
const run = (command, ...args) => {
  try {
    return execFileSync(command, args, { cwd: project, encoding: "utf8" });
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}`.slice(0, 4000));
  }
};
const write = (name, text) => writeFileSync(join(project, name), text);

before(() => {
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", project], { cwd: root, encoding: "utf8" }));
  write("package.json", JSON.stringify({ name: "empty", private: true, type: "module" }));
  run("npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", `./${filename}`);
});
after(() => rmSync(project, { recursive: true }));

test("it has what it needs and nothing else", () => {
  const listed = JSON.parse(execFileSync("npm", ["pack", "--json", "--dry-run", "--silent"], { cwd: root, encoding: "utf8" }));
  const paths = listed[0].files.map(({ path }) => path);
  for (const path of ["README.md", "pkg/LICENSE", "pkg/check.wasm", "pkg/stowbook.wasm", "pkg/redb.wasm", "js/full/index.d.ts"]) {
    assert(paths.includes(path), path);
  }
  assert(paths.every((path) => /^(js|pkg)\/|^(README\.md|package\.json)$/.test(path)), paths.join(" "));
});

test("Node imports and runs it, also from CommonJS", () => {
  write("check.mjs", `
    import { validate } from "stowbook/check";
    import { Store } from "stowbook";
    import { Store as FileStore } from "stowbook/redb";
    const { containers } = Store.inMemory().namespace("default");
    containers.create({ id: "web", runtime: { name: "runc" } });
    console.log(validate('{"ociVersion": 1}').verdict, containers.get("web").id, typeof FileStore.open);
  `);
  assert.equal(run(process.execPath, "check.mjs").trim(), "invalid web function");
  write("check.cjs", `import("stowbook/check").then(({ validate }) => console.log(validate("{}").kind));`);
  assert.equal(run(process.execPath, "check.cjs").trim(), "null");
});

test("the quick start of the README says what it prints", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, code, printed] = readme.match(/```js\n(.*?)```\n\n```text\n(.*?)```/s);
  write("start.mjs", code);
  assert.equal(run(process.execPath, "start.mjs"), printed);
});

test("the quick start of the project's README runs", () => {
  const [, code] = readFileSync(fileURLToPath(new URL("../../../README.md", import.meta.url)), "utf8").match(/```js\n(.*?)```/s);
  const metadb = fileURLToPath(new URL("../../../tests/metadb/containerd-2.3.4.db", import.meta.url));
  write("project.mjs", `import { readFileSync } from "node:fs";
    const configText = '{"ociVersion": "1.2.0"}', file = new Blob([readFileSync(${JSON.stringify(metadb)})]);\n${code}`);
  const lines = run(process.execPath, "project.mjs").trim().split("\n");
  assert.match(lines[0], /^OCI-RT-\d{4} /);
  assert.match(lines.at(-1), /^\[.*\]$/);
});

test("the types are strict, and true", () => {
  // Real values as literals: a member that the types lack, or that they promise and is not there, is an error.
  const literal = (value) =>
    JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? "@bytes" : one)).replaceAll('"@bytes"', "new Uint8Array()");
  const reports = checks().filter((_, index) => index % 7 === 0).map(({ text, options }) => validate(text, options));
  const file = readFileSync(fileURLToPath(new URL("../../../tests/metadb/containerd-2.3.4.db", import.meta.url)));
  const db = MetaDb.fromBytes(new Uint8Array(file));
  const { containers, images, leases, sandboxes } = db.namespace("default");
  const store = Store.inMemory();
  store.namespace("default").images.create({ name: "i", target: { mediaType: "m", digest: `sha256:${"0".repeat(64)}`, size: 1 } });
  const page = store.events.read();
  const values = [
    ...reports.slice(0, 300).map((report) => ["Report", report]),
    ["Rule[]", rules()],
    ["Container[]", containers.list()],
    ["Image[]", images.list()],
    ["Lease[]", leases.list()],
    ["LeaseResource[]", leases.resources(leases.list()[0].id)],
    ["Sandbox[]", sandboxes.list()],
    ["Namespace[]", db.namespaces.list()],
    ["EventPage", page],
    ["MetaDbInfo", db.info()],
    ["MetaDbFinding[]", MetaDb.check(new Uint8Array(file)).slice(0, 20)],
    ["MetaDbDump", JSON.parse(db.dump())],
    ["MetaDbSalvage", MetaDb.salvage(new Uint8Array(file))],
  ];
  write("values.ts", `
    import type * as s from "stowbook";
    ${values.map(([type, value], index) => `export const v${index}: s.${type} = ${literal(value)};`).join("\n")}
  `);
  write("use.ts", `
    import { Filter, MetaDb, Store, StowbookError, decode, encode, explain, fix, fromJson, toJson, validate } from "stowbook";
    import type { Container, ErrorKind, Report, Severity } from "stowbook";
    import { validate as small, type Diagnostic } from "stowbook/check";
    import { Store as FileStore } from "stowbook/redb";
    import { load } from "stowbook/slim";

    const report: Report = validate("{}", { profile: "runc-1.1", host: { paths: { "/": "directory" } } });
    const first: Diagnostic | undefined = small(new Uint8Array()).findings[0];
    const severity: Severity | undefined = first?.severity;
    const text: string = fix("{}").text;
    const bytes: Uint8Array = fix(new Uint8Array()).text;
    const condition: string = explain("OCI-RT-0415").condition;
    const store = Store.inMemory();
    const { containers, images, leases, sandboxes } = store.namespace("default", { lease: "l" });
    const web: Container = containers.create({ id: "web", runtime: { name: "runc" } });
    const size: number | bigint = images.create({ name: "i", target: { size: 1n } }).target.size;
    const held: string = leases.resources(leases.create().id)[0]!.id;
    const message: Uint8Array = encode("container", web);
    const id: string = decode("container", message).id;
    const mediaType: string = fromJson("image", toJson("image", { name: "i" })).target.mediaType;
    const passes: boolean = new Filter("id==web").matches("container", web);
    const topics: string[] = store.events.read({ since: "oldest", limit: 10 }).events.map(({ topic }) => topic);
    const names: string[] = MetaDb.fromBytes(bytes).namespaces.list().map(({ name }) => name);
    const opened: FileStore = FileStore.open(bytes);
    const result: number = opened.write((txn) => txn.namespaces.list().length);
    const kind: ErrorKind = ({} as StowbookError).kind;
    const later: Promise<string> = load(bytes).then(({ version }) => version());
    sandboxes.delete("s");
    // @ts-expect-error A kind that does not exist.
    validate("{}", { kind: "config" });
    // @ts-expect-error A misspelt option.
    validate("{}", { advise: true });
    // @ts-expect-error A finding has no such severity.
    const wrong: "fatal" = severity;
    // @ts-expect-error A database is read only.
    MetaDb.fromBytes(bytes).namespace("default").containers.create({ id: "x" });
    // @ts-expect-error The checker alone has no stores.
    import { Store as none } from "stowbook/check";
    // @ts-expect-error It must not be asynchronous.
    store.write(async () => 1);
    export { report, text, condition, size, held, id, mediaType, passes, topics, names, result, kind, later, wrong, none };
  `);
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2022,dom"];
  const tsc = fileURLToPath(import.meta.resolve("typescript/lib/tsc.js"));
  for (const resolution of [["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]]) {
    run(process.execPath, tsc, ...flags, ...resolution, "use.ts", "values.ts");
  }
});

test("Vite builds a page of it, which runs in Chromium", async () => {
  mkdirSync(join(project, "page"));
  write("page/index.html", `<!doctype html><script type="module" src="./main.js"></script>`);
  write("page/main.js", `
    import { validate } from "stowbook/check";
    import { MetaDb, Store } from "stowbook";
    const { containers } = Store.inMemory().namespace("default");
    containers.create({ id: "web", runtime: { name: "runc" } });
    const findings = validate('{"ociVersion": 1}').findings.map(({ code }) => code);
    document.body.dataset.said = JSON.stringify([findings, containers.get("web").id, typeof MetaDb.fromBytes]);
  `);
  await build({ root: join(project, "page"), logLevel: "error", build: { target: "es2022" } });
  const expected = [validate('{"ociVersion": 1}').findings.map(({ code }) => code), "web", "function"];
  await withPage(join(project, "page/dist"), {}, async (page, address, errors) => {
    await page.goto(address);
    await page.waitForSelector("body[data-said]", { state: "attached" });
    assert.deepEqual(JSON.parse(await page.getAttribute("body", "data-said")), expected);
    assert.deepEqual(errors, []);
  });
});
