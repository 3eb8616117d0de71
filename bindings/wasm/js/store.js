import { bytes, callback } from "./arguments.js";
import { Namespace, Namespaces } from "./collections.js";
import { Events, Publisher } from "./events.js";
import { Instance } from "./instance.js";
import { Place, disposable, freed } from "./place.js";

/** What a book's engine needs besides the book: its cache, and room to grow. */
const ENGINE_BYTES = 64 << 20;

/** Operations that take effect together; what {@link Store.write} passes to its callback. */
class WriteTxn {
  #place;

  constructor(place, publisher) {
    this.#place = place;
    this.namespaces = new Namespaces(place);
    this.events = new Publisher((work, bytes) => place.within(bytes, () => work(publisher)));
  }

  namespace(name, options) {
    return new Namespace(this.#place, name, options);
  }
}

/** A book in memory. */
class Store {
  #instance;
  #raw;
  #place;
  #publisher;

  constructor(instance, raw) {
    if (!(instance instanceof Instance)) throw new TypeError("a Store is made by Store.inMemory() or Store.open(bytes)");
    this.#instance = instance;
    this.#raw = raw;
    this.#place = new Place(instance, instance.call(() => raw.records()));
    this.namespaces = new Namespaces(this.#place);
    this.events = this.#makeEvents();
  }

  /** Not in the constructor, whose variables these functions would keep alive when the store is freed. */
  #makeEvents() {
    return new Events(
      (work, bytes) => this.#place.within(bytes, () => work((this.#publisher ??= this.#raw.publisher()))),
      (work, bytes) => this.#place.within(bytes, () => work(this.#raw)),
    );
  }

  namespace(name, options) {
    return new Namespace(this.#place, name, options);
  }

  write(operations) {
    callback(operations, "operations");
    const instance = this.#open();
    const txn = instance.call(() => this.#raw.begin());
    const place = new Place(instance, instance.call(() => txn.records()));
    let done = false;
    try {
      const result = operations(new WriteTxn(place, instance.call(() => txn.publisher())));
      if (typeof result?.then === "function") {
        throw new TypeError("operations must not be asynchronous: what they do after their first `await` would be lost");
      }
      this.#open().call(() => txn.commit());
      done = true;
      return result;
    } finally {
      if (!done) rollback(instance, txn);
    }
  }

  free() {
    // The memory goes with the instance, in which nothing is left that has to be closed.
    this.#instance = undefined;
    this.#raw = undefined;
    this.#publisher = undefined;
    this.#place.close();
  }

  #open() {
    if (!this.#instance) throw freed();
    return this.#instance;
  }
}

disposable(Store);

/** Takes back what a transaction did. It must not hide the error for which it is done. */
function rollback(instance, txn) {
  try {
    instance.call(() => txn.rollback());
  } catch {
    // The instance trapped: nothing of the transaction is left either.
  }
}

/** The class of books on an engine. One without redb has no files to open. */
export function bindStore(engine) {
  const made = (make, bytes) => {
    const instance = new Instance(engine);
    return new api(instance, instance.call(make, bytes));
  };
  const api = class extends Store {
    static inMemory() {
      return made((wasm) => wasm.Store.inMemory());
    }
  };
  Object.defineProperty(api, "name", { value: "Store" });
  return api;
}

/** The same, which opens files. */
export function bindFileStore(engine) {
  const memory = bindStore(engine);
  const api = class extends memory {
    static open(file) {
      const view = bytes(file, "bytes");
      const instance = new Instance(engine);
      return new api(instance, instance.call((wasm) => wasm.Store.open(view), view.length + ENGINE_BYTES));
    }
  };
  Object.defineProperty(api, "name", { value: "Store" });
  return api;
}
