import { StowbookError } from "./error.js";
import { COPIES, roomFor } from "./codec.js";
import { sizeOf } from "./record.js";

/** What is needed to reach records: an instance, and in it the raw `Records` of a book, a transaction or a database. */
export class Place {
  #instance;
  #records;
  #what;
  /** What WebAssembly has of each scope. Held here, so that nothing holds the instance once the place is closed. */
  #scopes = new WeakMap();

  constructor(instance, records, what = "store") {
    this.#instance = instance;
    this.#records = records;
    this.#what = what;
  }

  /** Runs `work` on the records; `sent` is all that it sends. */
  run(work, ...sent) {
    return this.#open().call((wasm) => work(this.#records, wasm), COPIES * sizeOf(sent));
  }

  /** Sends a packed record too. */
  send(packed, work, ...sent) {
    return this.#open().call((wasm) => work(this.#records, wasm), roomFor(packed) + COPIES * sizeOf(sent));
  }

  /** Runs `work`, for which there has to be this room. */
  within(bytes, work) {
    return this.#open().call(work, bytes);
  }

  /** The raw scope of a {@link Scope}, made when it is needed first. */
  scope(of, make) {
    if (!this.#scopes.has(of)) this.#scopes.set(of, make());
    return this.#scopes.get(of);
  }

  close() {
    this.#instance = undefined;
    this.#records = undefined;
    this.#scopes = new WeakMap();
  }

  #open() {
    if (!this.#instance) throw freed(this.#what);
    return this.#instance;
  }
}

/** A namespace of a place, and the lease that holds what is made there. */
export class Scope {
  #place;
  #namespace;
  #lease;

  constructor(place, namespace, lease) {
    this.#place = place;
    this.#namespace = namespace;
    this.#lease = lease;
  }

  run(work, ...sent) {
    return this.#place.run((records, wasm) => work(records, this.#in(wasm)), this.#namespace, this.#lease ?? "", ...sent);
  }

  send(packed, work, ...sent) {
    const sending = (records, wasm) => work(records, this.#in(wasm), packed.lines, packed.bytes);
    return this.#place.send(packed, sending, this.#namespace, this.#lease ?? "", ...sent);
  }

  #in(wasm) {
    return this.#place.scope(this, () => new wasm.Scope(this.#namespace, this.#lease));
  }
}

export function freed(what = "store") {
  return new StowbookError("failed_precondition", `the ${what} was freed: failed precondition`, { help: "open another" });
}

/** Lets `using` free the objects of a class. */
export function disposable({ prototype }) {
  // Node 20 has the symbol; browsers that do not yet have `using` lack both.
  if (!Symbol.dispose) return;
  Object.defineProperty(prototype, Symbol.dispose, { value: prototype.free, writable: true, configurable: true });
}
