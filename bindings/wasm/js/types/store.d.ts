/// <reference lib="esnext.disposable" />

import type {
  Any,
  Container,
  ContainerInput,
  Descriptor,
  Envelope,
  Image,
  ImageInput,
  Lease,
  LeaseInput,
  LeaseResource,
  Namespace,
  NamespaceInput,
  Sandbox,
  SandboxInput,
} from "./record.js";

export interface UpdateOptions {
  /**
   * The paths of the fields to change, as containerd spells them: `labels`, `labels.‹key›`, `spec`, `image`, `snapshotkey`,
   * `extensions.‹key›`, `runtime` … None: all that can be changed.
   */
  fields?: string[];
}

export interface ImageOptions {
  /** A time as RFC 3339 that the record gets instead of the clock's. */
  sourceDateEpoch?: string;
}

/** Records of one kind in a namespace, as far as they are read. */
export interface Readable<Record> {
  get(key: string): Record;
  /** Those that any of the filters selects (no filter: all), such as `labels.tier==front`, in byte order of their keys. */
  list(...filters: string[]): Record[];
}

/** Records of one kind in a namespace. */
export interface Writable<Record, Input> extends Readable<Record> {
  /** Adds a record, and gives it as it was stored. */
  create(record: Input): Record;
  /** Changes fields of a record, and gives it back. */
  update(record: Input, options?: UpdateOptions): Record;
  delete(key: string): void;
}

export type Containers = Writable<Container, ContainerInput>;
export type Sandboxes = Writable<Sandbox, SandboxInput>;

export interface Images extends Readable<Image> {
  create(image: ImageInput, options?: ImageOptions): Image;
  update(image: ImageInput, options?: UpdateOptions & ImageOptions): Image;
  delete(
    name: string,
    options?: {
      /** Collects afterwards. */
      sync?: boolean;
      /** Only when the image still has this target. */
      target?: Partial<Descriptor>;
    },
  ): void;
}

/** Leases, as far as they are read. */
export interface ReadableLeases {
  list(...filters: string[]): Lease[];
  /** What a lease holds. */
  resources(lease: string): LeaseResource[];
}

export interface Leases extends ReadableLeases {
  create(lease?: LeaseInput): Lease;
  delete(
    id: string,
    options?: {
      /** Collects afterwards. */
      sync?: boolean;
    },
  ): void;
  addResource(lease: string, resource: LeaseResource): void;
  deleteResource(lease: string, resource: LeaseResource): void;
}

/** The namespaces of a place, as far as they are read. */
export interface ReadableNamespaces {
  /** A namespace with its labels; one that does not exist has none. */
  get(name: string): Namespace;
  list(): Namespace[];
}

export interface Namespaces extends ReadableNamespaces {
  create(namespace: NamespaceInput): Namespace;
  update(namespace: NamespaceInput, options?: UpdateOptions): void;
  /** Removes an empty namespace. */
  delete(name: string): void;
}

/** Where events are published. */
export interface Publisher {
  /** Publishes an event that happens now. */
  publish(namespace: string, topic: string, event: Partial<Any>): void;
  /** Passes on an event that happened elsewhere. */
  forward(event: Envelope): void;
}

/** The event log: what happened to a book, numbered. */
export interface Events extends Publisher {
  /** A page of the log. */
  read(options?: {
    /** What to begin behind: a number, a cursor of this book, `now`, or `oldest`, the default. */
    since?: number | string;
    /** As in lists: `topic==/images/create`, `namespace==k8s.io`. */
    filters?: string[];
    /** How many events at most. Default 1000. */
    limit?: number;
  }): EventPage;
}

export interface EventPage {
  events: BookEvent[];
  /** A cursor: what to give as `since` to go on. */
  next: string;
  /** The number of the oldest event that is kept; one behind the newest if there is none. */
  first: number;
  /** The number of the newest event. */
  last: number;
}

export interface BookEvent extends Envelope {
  /** In the order in which things happened, from 1. */
  number: number;
  /** Whether containerd would tell of it. */
  published: boolean;
  /** The event itself, when its type is known: members as in containerd's interface definitions. */
  payload?: { [member: string]: unknown };
}

/** The records of a book, or of a transaction on it. */
export interface Records {
  readonly namespaces: Namespaces;
  readonly events: Publisher;
  /** What a namespace of this name holds. What is made there is held by the lease, if one is given. */
  namespace(name: string, options?: { lease?: string }): InNamespace;
}

export interface InNamespace {
  readonly name: string;
  readonly containers: Containers;
  readonly images: Images;
  readonly leases: Leases;
  readonly sandboxes: Sandboxes;
}

/** A book in memory. */
export class Store implements Records {
  protected constructor();
  /** A new book. */
  static inMemory(): Store;
  readonly namespaces: Namespaces;
  readonly events: Events;
  namespace(name: string, options?: { lease?: string }): InNamespace;
  /**
   * Runs operations that take effect together. When `operations` throws, none does, and the error passes through.
   * It must not be asynchronous.
   */
  write<T>(operations: (txn: Records) => T extends PromiseLike<unknown> ? never : T): T;
  /** Gives its memory back. Later calls fail. A second `free` does nothing. */
  free(): void;
  [Symbol.dispose](): void;
}
