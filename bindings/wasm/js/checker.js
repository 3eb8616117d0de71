// The checker's functions.

import { count, document, entries, flag, members, text, texts } from "./arguments.js";
import { exhausted } from "./error.js";

const HOST = {
  paths: (value, what) => entries(value, what, text),
  filesystems: texts,
  apparmor: flag,
  selinux: flag,
  terminal: flag,
  processors: count,
  hugePageSizes: texts,
  blobs: (value, what) => entries(value, what, (blob, what) => members(blob, what, { size, matches: flag, content: document })),
};

const OPTIONS = {
  kind: text,
  platform: text,
  profile: text,
  rootless: flag,
  cgroup: text,
  systemdCgroup: flag,
  phase: text,
  advice: flag,
  minSeverity: text,
  ignore: texts,
  maxFindings: count,
  strict: flag,
  host: (value, what) => members(value, what, HOST),
};

function size(value, what) {
  if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new TypeError(`${what} must be a whole number from 0`);
}

/** What a check takes for each byte of a text: measured at 33, for zeros and commas. Texts beyond the checker's limit get no tree. */
const TREE_FACTOR = 64;
const LIMIT_BYTES = 16 << 20;

const room = (given) => given.length * 2 + Math.min(given.length, LIMIT_BYTES) * TREE_FACTOR;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The functions, on an instance that they share. */
export function bindChecker(shared) {
  /** Runs `work` with the options as WebAssembly has them. */
  const check = (given, options, work) => {
    const read = members(options, "options", OPTIONS);
    return shared.call((wasm) => {
      const raw = makeOptions(wasm, read);
      try {
        return work(wasm, raw);
      } finally {
        raw.free();
      }
    }, room(given));
  };

  return {
    validate(text, options = {}) {
      const given = document(text, "text");
      return check(given, options, (wasm, raw) => JSON.parse(wasm.validate(given, raw)));
    },

    fix(given, options = {}) {
      // A string that is no Unicode could not be given back as it was, so it is refused.
      const input = typeof given === "string" ? document(text(given, "text"), "text") : document(given, "text");
      const fixed = check(input, options, (wasm, raw) => {
        const out = wasm.fix(input, raw);
        const taken = { text: out.takeText(), codes: out.codes() };
        out.free();
        return taken;
      });
      return typeof given === "string" ? { ...fixed, text: decoded(fixed.text) } : fixed;
    },

    detect(text) {
      const given = document(text, "text");
      return shared.call((wasm) => wasm.detect(given), room(given));
    },

    explain(code) {
      text(code, "code");
      const rule = shared.call((wasm) => wasm.explain(code), code.length * 3);
      return rule === undefined ? undefined : JSON.parse(rule);
    },

    rules: () => JSON.parse(shared.call((wasm) => wasm.rules(), 1 << 20)),
  };
}

function decoded(bytes) {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw exhausted({ cause });
  }
}

function makeOptions(wasm, { host, ...read }) {
  const out = new wasm.CheckOptions();
  for (const [name, value] of Object.entries(read)) out[name](value);
  if (host) out.host(makeFacts(wasm, host));
  return out;
}

function makeFacts(wasm, { paths = [], blobs, ...read }) {
  const out = new wasm.Facts();
  for (const [path, kind] of paths) out.addPath(path, kind);
  for (const [name, value] of Object.entries(read)) out[name](value);
  if (blobs) out.knowBlobs();
  for (const [digest, { size = 0n, matches = true, content }] of blobs ?? []) {
    out.addBlob(digest, size, matches, content);
  }
  return out;
}
