// Types of what callers pass. Everything is read once and checked here, before any WebAssembly runs: a getter or a proxy may
// throw, or call stowbook again, without harm. Nothing here knows a rule about records; those stand in the core.

import { StowbookError } from "./error.js";

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** A getter of typed arrays that reads the array itself: a subclass or an own property cannot answer for it. */
const intrinsic = (name) => Object.getOwnPropertyDescriptor(typedArray, name).get;
const typeOf = intrinsic(Symbol.toStringTag);
const [bufferOf, offsetOf, lengthOf] = ["buffer", "byteOffset", "byteLength"].map(intrinsic);

/** A text. One with half of a surrogate pair cannot be stored, and is not silently changed into another. */
export function text(value, what) {
  if (typeof value !== "string") throw wrong(value, what, "a string");
  if (!value.isWellFormed()) {
    throw new StowbookError("invalid_argument", `${what} is not valid Unicode: invalid argument`, {
      help: "it has half of a surrogate pair; cut texts at whole characters",
    });
  }
  return value;
}

/** Bytes, as a view of the same memory. */
export function bytes(value, what) {
  if (typeOf.call(value) !== "Uint8Array") throw wrong(value, what, "a Uint8Array");
  return new Uint8Array(bufferOf.call(value), offsetOf.call(value), lengthOf.call(value));
}

export function texts(value, what) {
  if (!Array.isArray(value)) throw wrong(value, what, "an array of strings");
  return Array.from(value, (item, index) => text(item, `${what}[${index}]`));
}

export function callback(value, what) {
  if (typeof value !== "function") throw wrong(value, what, "a function");
  return value;
}

/** The entries of an object that maps names to values: `{ tier: "front" }`. */
export function entries(value, what, check) {
  return Object.entries(plain(value, what)).map(([key, item]) => [
    text(key, `a key of ${what}`),
    check(item, `${what}[${quote(key)}]`),
  ]);
}

/**
 * The members of an object. `shape` has a check for each that it may have; those that are absent or undefined stay away.
 * Any other is refused: it is a misspelling, and what was meant would be lost.
 */
export function members(value, what, shape) {
  const out = {};
  for (const name of Object.keys(plain(value, what))) {
    if (!Object.hasOwn(shape, name)) throw new TypeError(`${what} has a member that is not known: ${quote(name)}`);
    const member = value[name];
    if (member !== undefined) out[name] = shape[name](member, `${what}.${name}`);
  }
  return out;
}

/** A plain object: of a Map, an array or an instance of a class the members would be missed. */
function plain(value, what) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const prototype = Object.getPrototypeOf(value);
    // Object.prototype of any realm is the one that has no prototype itself.
    if (prototype === null || Object.getPrototypeOf(prototype) === null) return value;
  }
  throw wrong(value, what, "a plain object");
}

function wrong(value, what, expected) {
  return new TypeError(`${what} must be ${expected}, not ${nameOf(value)}`);
}

/** A name for a message, cut: it may be as long as a text can be. */
function quote(name) {
  return JSON.stringify(name.slice(0, 80));
}

/** Says what a value is without running any code of it. */
function nameOf(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object of another kind";
  return `a ${typeof value}`;
}
