import { bytes, callback, members, text, texts } from "./check.js";
import { StowbookError } from "./error.js";
import { Instance } from "./instance.js";
import { readContainer, readNamespace, sizeOf, takeContainer, takeNamespace } from "./record.js";

/** How often a value may be copied on its way into a book. Measured at every size up to all of the memory. */
const COPIES = 8;

/** What a book's engine needs besides the book: its cache, and room to grow. */
const ENGINE_BYTES = 64 << 20;

/** What is needed to reach records: an instance, and in it the raw `Records` of a book or of a transaction. */
class Place {
  #instance;
  #records;

  constructor(instance, records) {
    this.#instance = instance;
    this.#records = records;
  }

  /** Runs `work` on the records; `sent` is all that it sends. */
  run(work, ...sent) {
    return this.#open().call(() => work(this.#records), COPIES * sizeOf(sent));
  }

  /** Sends a record too: `work` gets it as WebAssembly has it. */
  send(record, work, ...sent) {
    const bytes = COPIES * (record.size + sizeOf(sent));
    return this.#open().call((wasm) => work(this.#records, record.into(wasm)), bytes);
  }

  close() {
    this.#instance = undefined;
    this.#records = undefined;
  }

  #open() {
    if (!this.#instance) throw freed();
    return this.#instance;
  }
}

/** The container records of a namespace. */
class Containers {
  #place;
  #namespace;

  constructor(place, namespace) {
    this.#place = place;
    this.#namespace = namespace;
  }

  get(id) {
    text(id, "id");
    return this.#place.run((records) => takeContainer(records.getContainer(this.#namespace, id)), this.#namespace, id);
  }

  list(...filters) {
    const checked = texts(filters, "filters");
    const list = (records) => records.listContainers(this.#namespace, checked).map(takeContainer);
    return this.#place.run(list, this.#namespace, checked);
  }

  create(container) {
    const create = (records, raw) => takeContainer(records.createContainer(this.#namespace, raw));
    return this.#place.send(readContainer(container), create, this.#namespace);
  }

  update(container, options = {}) {
    const record = readContainer(container);
    const { fields = [] } = members(options, "options", { fields: texts });
    const update = (records, raw) => takeContainer(records.updateContainer(this.#namespace, raw, fields));
    return this.#place.send(record, update, this.#namespace, fields);
  }

  delete(id) {
    text(id, "id");
    this.#place.run((records) => records.deleteContainer(this.#namespace, id), this.#namespace, id);
  }
}

/** The namespaces of a book. */
class Namespaces {
  #place;

  constructor(place) {
    this.#place = place;
  }

  get(name) {
    text(name, "name");
    return this.#place.run((records) => takeNamespace(records.getNamespace(name)), name);
  }

  list() {
    return this.#place.run((records) => records.listNamespaces().map(takeNamespace));
  }

  create(namespace) {
    const create = (records, raw) => takeNamespace(records.createNamespace(raw));
    return this.#place.send(readNamespace(namespace), create);
  }

  update(namespace, options = {}) {
    const record = readNamespace(namespace);
    const { fields = [] } = members(options, "options", { fields: texts });
    this.#place.send(record, (records, raw) => records.updateNamespace(raw, fields), fields);
  }

  delete(name) {
    text(name, "name");
    this.#place.run((records) => records.deleteNamespace(name), name);
  }
}

/** What a namespace of this name holds. */
class Namespace {
  constructor(place, name) {
    this.name = text(name, "name");
    this.containers = new Containers(place, name);
  }
}

/** Operations that take effect together; what {@link Store.write} passes to its callback. */
class WriteTxn {
  #place;

  constructor(place) {
    this.#place = place;
    this.namespaces = new Namespaces(place);
  }

  namespace(name) {
    return new Namespace(this.#place, name);
  }
}

/** A book in memory. */
class Store {
  #instance;
  #raw;
  #place;

  constructor(instance, raw) {
    if (!(instance instanceof Instance)) throw new TypeError("a Store is made by Store.inMemory() or Store.open(bytes)");
    this.#instance = instance;
    this.#raw = raw;
    this.#place = new Place(instance, instance.call(() => raw.records()));
    this.namespaces = new Namespaces(this.#place);
  }

  namespace(name) {
    return new Namespace(this.#place, name);
  }

  write(operations) {
    callback(operations, "operations");
    const instance = this.#open();
    const txn = instance.call(() => this.#raw.begin());
    const place = new Place(instance, instance.call(() => txn.records()));
    let done = false;
    try {
      const result = operations(new WriteTxn(place));
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
    this.#place.close();
  }

  #open() {
    if (!this.#instance) throw freed();
    return this.#instance;
  }
}

// Node 20 has the symbol; browsers that do not yet have `using` lack both.
if (Symbol.dispose) {
  Object.defineProperty(Store.prototype, Symbol.dispose, { value: Store.prototype.free, writable: true, configurable: true });
}

/** Takes back what a transaction did. It must not hide the error for which it is done. */
function rollback(instance, txn) {
  try {
    instance.call(() => txn.rollback());
  } catch {
    // The instance trapped: nothing of the transaction is left either.
  }
}

function freed() {
  return new StowbookError("failed_precondition", "the store was freed: failed precondition", { help: "open another" });
}

/** The package's API on a compiled module. */
export function bind(module) {
  const made = (make, bytes) => {
    const instance = new Instance(module);
    return new api(instance, instance.call(make, bytes));
  };
  const api = class extends Store {
    static inMemory() {
      return made((wasm) => wasm.Store.inMemory());
    }

    static open(file) {
      const view = bytes(file, "bytes");
      return made((wasm) => wasm.Store.open(view), view.length + ENGINE_BYTES);
    }
  };
  Object.defineProperty(api, "name", { value: "Store" });
  let version;
  return { Store: api, version: () => (version ??= new Instance(module).call((wasm) => wasm.version())) };
}
