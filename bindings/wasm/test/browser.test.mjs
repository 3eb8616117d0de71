// The package in Chromium says what it says in Node and natively.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MetaDb } from "stowbook";
import { contents } from "./answer.mjs";
import { withPage } from "./browser.mjs";
import { checks, question } from "./fixtures.mjs";
import { reports } from "./native.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const databases = fileURLToPath(new URL("../../../tests/metadb/", import.meta.url));

test("Chromium says to every fixture what the native core says, and to databases what Node says", async () => {
  const all = checks();
  const sent = all.map(({ text, options }) => ({ base64: text.toString("base64"), options }));
  const names = readdirSync(databases).filter((name) => /^(containerd).*\.db$/.test(name));
  const extra = { "/": "<!doctype html>", "/checks.json": JSON.stringify(sent) };
  for (const name of names) extra[`/${name}`] = readFileSync(databases + name);

  await withPage(root, extra, async (page, address, errors) => {
    await page.goto(address);
    const answers = await page.evaluate(async () => {
      const { answer } = await import("/test/answer.mjs");
      const check = await import("/js/check/web.js");
      const full = await import("/js/full/web.js");
      const checks = await (await fetch("/checks.json")).json();
      return checks.map(({ base64, options }, index) => {
        const text = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        return answer(index % 10 ? check : full, { text, options });
      });
    });
    const native = reports(all.map(question));
    assert.equal(answers.length, native.length);
    for (const [index, { name }] of all.entries()) assert.equal(answers[index], native[index], name);
    console.log(`${answers.length} checks of fixtures are the same in Chromium as native, to the byte`);

    for (const name of names) {
      const inPage = await page.evaluate(async (name) => {
        const { contents } = await import("/test/answer.mjs");
        const { MetaDb } = await import("/js/full/web.js");
        return contents(MetaDb, new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer()));
      }, name);
      assert.equal(inPage, contents(MetaDb, new Uint8Array(readFileSync(databases + name))), name);
    }

    const book = await page.evaluate(async () => {
      const { Store } = await import("/js/full/web.js");
      const store = Store.inMemory();
      store.namespace("default").containers.create({ id: "web", runtime: { name: "r" } });
      return store.namespace("default").containers.list().map(({ id }) => id);
    });
    assert.deepEqual(book, ["web"]);
    assert.deepEqual(errors, []);
  });
});
