// Types of what callers pass. Everything is read once and checked here, before any WebAssembly runs: a getter or a proxy may
// throw, or call stowbook again, without harm. Nothing here knows a rule about records; those stand in the core.

import { StowbookError, exhausted } from "./error.js";

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

const encoder = new TextEncoder();

/**
 * A text to look at, as bytes. What stands for half of a surrogate pair is no UTF-8 then, and found by whoever looks at it;
 * the other way would be to change the text silently.
 */
export function document(value, what) {
  if (typeof value !== "string") {
    if (typeOf.call(value) !== "Uint8Array") throw wrong(value, what, "a string or a Uint8Array");
    return bytes(value, what);
  }
  try {
    return value.isWellFormed() ? encoder.encode(value) : encodeHalves(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw exhausted({ cause });
  }
}

function encodeHalves(text) {
  const pieces = text.split(/(\p{Surrogate})/u).map((piece) => {
    const unit = piece.length === 1 ? piece.charCodeAt(0) : 0;
    if ((unit & 0xf800) !== 0xd800) return encoder.encode(piece);
    return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  });
  return concatenated(pieces);
}

/** One array of many. */
export function concatenated(pieces) {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

export function flag(value, what) {
  if (typeof value !== "boolean") throw wrong(value, what, "a boolean");
  return value;
}

/** A whole number from 0 that WebAssembly has as 32 bits. */
export function count(value, what) {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw wrong(value, what, "a whole number from 0 to 4294967295");
  }
  return value;
}

/** A whole number as text: no other form in JavaScript has 64 bits and fits into JSON. */
export function integer(value, what) {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  throw wrong(value, what, "a whole number, beyond Number.MAX_SAFE_INTEGER a bigint");
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

const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;

/** Whether it is one, asked of its inside: `instanceof` would ask a proxy's handler. */
function isArrayBuffer(value) {
  try {
    return bufferLength.call(value) >= 0;
  } catch {
    return false;
  }
}

/** Says what a value is without running any code of it. */
function nameOf(value) {
  if (value === null || value === undefined) return String(value);
  // What a file or a response gives, one step short of what is wanted.
  if (isArrayBuffer(value)) return "an ArrayBuffer: give new Uint8Array(buffer)";
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object of another kind";
  return `a ${typeof value}`;
}
