// Records: from what callers pass to what WebAssembly takes, and back.

import { bytes, entries, members, text } from "./check.js";

const labels = (value, what) => entries(value, what, text);
const any = (value, what) => members(value, what, { typeUrl: text, value: bytes });
const extensions = (value, what) => entries(value, what, any);
const runtime = (value, what) => members(value, what, { name: text, options: any });

const CONTAINER = {
  id: text,
  labels,
  image: text,
  runtime,
  spec: any,
  snapshotter: text,
  snapshotKey: text,
  createdAt: text,
  updatedAt: text,
  extensions,
  sandboxId: text,
};

const NAMESPACE = { name: text, labels };

/** Reads a container record that a caller passes: a function that makes it in an instance, and its size. */
export function readContainer(value) {
  const read = members(value, "container", CONTAINER);
  return {
    size: sizeOf(read),
    into(wasm) {
      const makeAny = ({ typeUrl = "", value = new Uint8Array() }) => new wasm.Any(typeUrl, value);
      const out = new wasm.Container();
      for (const name of ["id", "image", "snapshotter", "snapshotKey", "sandboxId"]) {
        if (read[name] !== undefined) out[name] = read[name];
      }
      for (const [key, label] of read.labels ?? []) out.addLabel(key, label);
      if (read.runtime?.name !== undefined) out.runtimeName = read.runtime.name;
      if (read.runtime?.options) out.runtimeOptions = makeAny(read.runtime.options);
      if (read.spec) out.spec = makeAny(read.spec);
      for (const [name, extension] of read.extensions ?? []) out.addExtension(name, makeAny(extension));
      if (read.createdAt !== undefined) out.setCreatedAt(read.createdAt);
      if (read.updatedAt !== undefined) out.setUpdatedAt(read.updatedAt);
      return out;
    },
  };
}

/** Reads a namespace that a caller passes, as {@link readContainer}. */
export function readNamespace(value) {
  const read = members(value, "namespace", NAMESPACE);
  return {
    size: sizeOf(read),
    into(wasm) {
      const out = new wasm.Namespace(read.name ?? "");
      for (const [key, label] of read.labels ?? []) out.addLabel(key, label);
      return out;
    },
  };
}

/** The plain object of a container that WebAssembly gave, which is freed. */
export function takeContainer(from) {
  const out = {
    id: from.id,
    labels: pairs(from.labels),
    image: from.image,
    runtime: { name: from.runtimeName, ...present({ options: takeAny(from.runtimeOptions) }) },
    ...present({ spec: takeAny(from.spec) }),
    snapshotter: from.snapshotter,
    snapshotKey: from.snapshotKey,
    ...present({ createdAt: from.createdAt, updatedAt: from.updatedAt }),
    extensions: Object.fromEntries(from.extensionNames.map((name) => [name, takeAny(from.extension(name))])),
    sandboxId: from.sandboxId,
  };
  from.free();
  return out;
}

/** The plain object of a namespace that WebAssembly gave, which is freed. */
export function takeNamespace(from) {
  const out = { name: from.name, labels: pairs(from.labels) };
  from.free();
  return out;
}

function takeAny(from) {
  if (from === undefined) return undefined;
  const out = { typeUrl: from.typeUrl, value: from.value };
  from.free();
  return out;
}

/** `[key, value, key, value]` as an object, in which `__proto__` is a key like any other. */
export function pairs(inTurn) {
  const out = [];
  for (let at = 0; at < inTurn.length; at += 2) out.push([inTurn[at], inTurn[at + 1]]);
  return Object.fromEntries(out);
}

function present(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** How many bytes of WebAssembly's memory texts and bytes take at most: a code unit of UTF-16 is up to 3 in UTF-8. */
export function sizeOf(value) {
  if (typeof value === "string") return value.length * 3;
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + sizeOf(item), 0);
  return Object.values(value).reduce((sum, item) => sum + sizeOf(item), 0);
}
