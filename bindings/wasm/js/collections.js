// The records of a namespace, kind by kind. What they do is the core's; here arguments are checked and records converted.

import { flag, members, text, texts } from "./arguments.js";
import { Scope } from "./place.js";
import { pack, take, takeAll } from "./record.js";

/** Nothing beside a record that has no opaque values. */
const NO_BYTES = new Uint8Array();

/** Records that can be read: `kind` is `container`, `names` what WebAssembly calls it: `Container`, `Containers`. */
class Readable {
  #scope;
  #kind;
  #names;
  #key;

  constructor(scope, kind, names, key = "id") {
    this.#scope = scope;
    this.#kind = kind;
    this.#names = names;
    this.#key = key;
  }

  get(key) {
    text(key, this.#key);
    return this.#scope.run((records, scope) => take(this.#kind, records[`get${this.#names[0]}`](scope, key)), key);
  }

  list(...filters) {
    const checked = texts(filters, "filters");
    const list = (records, scope) => takeAll(this.#kind, records[`list${this.#names[1]}`](scope, checked));
    return this.#scope.run(list, checked);
  }
}

/** Records of which each is created, changed and deleted on its own. */
class Writable extends Readable {
  #scope;
  #kind;
  #name;

  constructor(scope, kind, names) {
    super(scope, kind, names);
    this.#scope = scope;
    this.#kind = kind;
    this.#name = names[0];
  }

  create(record) {
    const create = (records, scope, lines, bytes) => take(this.#kind, records[`create${this.#name}`](scope, lines, bytes));
    return this.#scope.send(pack(this.#kind, record), create);
  }

  update(record, options = {}) {
    const packed = pack(this.#kind, record);
    const { fields = [] } = members(options, "options", { fields: texts });
    const update = (records, scope, lines, bytes) =>
      take(this.#kind, records[`update${this.#name}`](scope, lines, bytes, fields));
    return this.#scope.send(packed, update, fields);
  }

  delete(id) {
    text(id, "id");
    this.#scope.run((records, scope) => records[`delete${this.#name}`](scope, id), id);
  }
}

const CONTAINER = ["container", ["Container", "Containers"]];
const SANDBOX = ["sandbox", ["Sandbox", "Sandboxes"]];
const IMAGE = ["image", ["Image", "Images"], "name"];

class Images extends Readable {
  #scope;

  constructor(scope) {
    super(scope, ...IMAGE);
    this.#scope = scope;
  }

  create(image, options = {}) {
    const packed = pack("image", image);
    const { sourceDateEpoch } = members(options, "options", { sourceDateEpoch: text });
    const create = (records, scope, lines, bytes) =>
      take("image", records.createImage(scope, lines, bytes, sourceDateEpoch));
    return this.#scope.send(packed, create, sourceDateEpoch ?? "");
  }

  update(image, options = {}) {
    const packed = pack("image", image);
    const { fields = [], sourceDateEpoch } = members(options, "options", { fields: texts, sourceDateEpoch: text });
    const update = (records, scope, lines, bytes) =>
      take("image", records.updateImage(scope, lines, bytes, fields, sourceDateEpoch));
    return this.#scope.send(packed, update, fields, sourceDateEpoch ?? "");
  }

  delete(name, options = {}) {
    text(name, "name");
    const { sync = false, target } = members(options, "options", {
      sync: flag,
      target: (value) => pack("descriptor", value),
    });
    const { lines, bytes = NO_BYTES } = target ?? {};
    this.#scope.run((records, scope) => records.deleteImage(scope, name, sync, lines, bytes), name, lines ?? "", bytes);
  }
}

/** Leases, as far as they are read. */
class ReadableLeases {
  #scope;

  constructor(scope) {
    this.#scope = scope;
  }

  list(...filters) {
    const checked = texts(filters, "filters");
    return this.#scope.run((records, scope) => takeAll("lease", records.listLeases(scope, checked)), checked);
  }

  resources(lease) {
    text(lease, "lease");
    return this.#scope.run((records, scope) => takeAll("resource", records.listResources(scope, lease)), lease);
  }
}

class Leases extends ReadableLeases {
  #scope;

  constructor(scope) {
    super(scope);
    this.#scope = scope;
  }

  create(lease = {}) {
    const create = (records, scope, lines, bytes) => take("lease", records.createLease(scope, lines, bytes));
    return this.#scope.send(pack("lease", lease), create);
  }

  delete(id, options = {}) {
    text(id, "id");
    const { sync = false } = members(options, "options", { sync: flag });
    this.#scope.run((records, scope) => records.deleteLease(scope, id, sync), id);
  }

  addResource(lease, resource) {
    text(lease, "lease");
    const add = (records, scope, lines, bytes) => records.addResource(scope, lease, lines, bytes);
    this.#scope.send(pack("resource", resource), add, lease);
  }

  deleteResource(lease, resource) {
    text(lease, "lease");
    const remove = (records, scope, lines, bytes) => records.deleteResource(scope, lease, lines, bytes);
    this.#scope.send(pack("resource", resource), remove, lease);
  }
}

/** What a namespace of this name holds. */
export class Namespace {
  constructor(place, name, options = {}) {
    this.name = text(name, "name");
    const { lease } = members(options, "options", { lease: text });
    const scope = new Scope(place, name, lease);
    this.containers = new Writable(scope, ...CONTAINER);
    this.images = new Images(scope);
    this.leases = new Leases(scope);
    this.sandboxes = new Writable(scope, ...SANDBOX);
  }
}

/** The same, where nothing can be changed. */
export class ReadableNamespace {
  constructor(place, name) {
    this.name = text(name, "name");
    const scope = new Scope(place, name);
    this.containers = new Readable(scope, ...CONTAINER);
    this.images = new Readable(scope, ...IMAGE);
    this.leases = new ReadableLeases(scope);
    this.sandboxes = new Readable(scope, ...SANDBOX);
  }
}

/** The namespaces of a place, as far as they are read. */
export class ReadableNamespaces {
  #place;

  constructor(place) {
    this.#place = place;
  }

  get(name) {
    text(name, "name");
    return this.#place.run((records) => take("namespace", records.getNamespace(name)), name);
  }

  list() {
    return this.#place.run((records) => takeAll("namespace", records.listNamespaces()));
  }
}

export class Namespaces extends ReadableNamespaces {
  #place;

  constructor(place) {
    super(place);
    this.#place = place;
  }

  create(namespace) {
    const packed = pack("namespace", namespace);
    const create = (records) => take("namespace", records.createNamespace(packed.lines, packed.bytes));
    return this.#place.send(packed, create);
  }

  update(namespace, options = {}) {
    const packed = pack("namespace", namespace);
    const { fields = [] } = members(options, "options", { fields: texts });
    this.#place.send(packed, (records) => records.updateNamespace(packed.lines, packed.bytes, fields), fields);
  }

  delete(name) {
    text(name, "name");
    this.#place.run((records) => records.deleteNamespace(name), name);
  }
}
