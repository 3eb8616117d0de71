/// <reference lib="esnext.disposable" />

import type { ErrorKind } from "./kinds.js";

export type { ErrorKind };

/**
 * What goes wrong in stowbook. Its message is containerd's. An argument of a wrong type is a `TypeError` instead.
 */
export class StowbookError extends Error {
  private constructor();
  readonly kind: ErrorKind;
  /** The same as {@link kind}, where Node's own errors have it. */
  readonly code: ErrorKind;
  /** What can be done about it. */
  readonly help: string | undefined;
  /** What the message does not show, by names such as `limit_bytes`. */
  readonly details: Readonly<Record<string, string>>;
}

/** An opaque value with the name of its type. */
export interface Any {
  typeUrl: string;
  value: Uint8Array;
}

/** The metadata of a container; never a process. */
export interface Container {
  /** Required, immutable. */
  id: string;
  labels: Record<string, string>;
  /** The name of the image it was made from. */
  image: string;
  /** Required, immutable. */
  runtime: Runtime;
  /** What the runtime is to start, usually a runtime-spec document as JSON. */
  spec?: Any;
  /** What holds the root file system. Required with `snapshotKey`, immutable. */
  snapshotter: string;
  snapshotKey: string;
  /** When the store created it: RFC 3339 in UTC, with up to nanoseconds. */
  createdAt?: string;
  /** When the store last changed it, written as `createdAt`. */
  updatedAt?: string;
  extensions: Record<string, Any>;
  /** Immutable. */
  sandboxId: string;
}

/** Which runtime runs a container, and with which options. */
export interface Runtime {
  /** For example `io.containerd.runc.v2`. */
  name: string;
  options?: Any;
}

/** A tenant of the book: every other record lives in one. */
export interface Namespace {
  name: string;
  labels: Record<string, string>;
}

/** A container for writing: what is absent is empty. The store sets the times; what is given here is ignored. */
export type ContainerInput = Pick<Container, "id"> & Partial<Container>;

/** A namespace for writing: what is absent is empty. */
export type NamespaceInput = Pick<Namespace, "name"> & Partial<Namespace>;

export interface UpdateOptions {
  /**
   * The paths of the fields to change. Of a container: `labels`, `labels.‹key›`, `spec`, `extensions`, `extensions.‹key›`,
   * `image`, `snapshotkey`; of a namespace: `labels.‹key›`. None: all that can be changed.
   */
  fields?: string[];
}

/** The container records of a namespace. */
export interface Containers {
  get(id: string): Container;
  /** Those that any of the filters selects (no filter: all), such as `labels.tier==front`, in byte order of their ids. */
  list(...filters: string[]): Container[];
  /** Adds a record, and gives it as it was stored. */
  create(container: ContainerInput): Container;
  /** Changes fields of a record, and gives it back. */
  update(container: ContainerInput, options?: UpdateOptions): Container;
  delete(id: string): void;
}

/** The namespaces of a book. */
export interface Namespaces {
  /** A namespace with its labels; one that does not exist has none. */
  get(name: string): Namespace;
  list(): Namespace[];
  create(namespace: NamespaceInput): Namespace;
  update(namespace: NamespaceInput, options?: UpdateOptions): void;
  /** Removes an empty namespace. */
  delete(name: string): void;
}

/** The records of a book, or of a transaction on it. */
export interface Records {
  readonly namespaces: Namespaces;
  /** What a namespace of this name holds. */
  namespace(name: string): InNamespace;
}

export interface InNamespace {
  readonly name: string;
  readonly containers: Containers;
}

/** A book in memory. */
export class Store implements Records {
  private constructor();
  /** A new book. */
  static inMemory(): Store;
  /** The book in the bytes of a file. Changes do not go back into them. */
  static open(bytes: Uint8Array): Store;
  readonly namespaces: Namespaces;
  namespace(name: string): InNamespace;
  /**
   * Runs operations that take effect together. When `operations` throws, none does, and the error passes through.
   * It must not be asynchronous.
   */
  write<T>(operations: (txn: Records) => T extends PromiseLike<unknown> ? never : T): T;
  /** Gives its memory back. Later calls fail. A second `free` does nothing. */
  free(): void;
  [Symbol.dispose](): void;
}

/** The version of stowbook. */
export function version(): string;
