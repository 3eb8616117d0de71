/** An opaque value with the name of its type. */
export interface Any {
  typeUrl: string;
  value: Uint8Array;
  /** What a message carried that this version does not know. Pass it on unchanged. */
  unknown?: Uint8Array;
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
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** Which runtime runs a container, and with which options. */
export interface Runtime {
  /** For example `io.containerd.runc.v2`. */
  name: string;
  options?: Any;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** A tenant of the book: every other record lives in one. */
export interface Namespace {
  name: string;
  labels: Record<string, string>;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** A name for a piece of content. */
export interface Image {
  /** Required, immutable; any text. */
  name: string;
  labels: Record<string, string>;
  /** The content that the name stands for. Required. */
  target: Descriptor;
  createdAt?: string;
  updatedAt?: string;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** What a piece of content is: an OCI descriptor, as far as containerd stores it. */
export interface Descriptor {
  mediaType: string;
  /** `algorithm:hex`. */
  digest: string;
  /** Bytes. A bigint beyond `Number.MAX_SAFE_INTEGER`, where a number would be another. */
  size: number | bigint;
  annotations: Record<string, string>;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** What keeps resources from being collected while someone works with them. */
export interface Lease {
  /** The store invents one when it is empty. Immutable. */
  id: string;
  createdAt?: string;
  /** Immutable. `containerd.io/gc.expire` ends the lease. */
  labels: Record<string, string>;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** One thing that a lease holds. It need not exist. */
export interface LeaseResource {
  /** The digest, reference, snapshot key or image name. */
  id: string;
  type: "content" | "ingests" | "images" | `snapshots/${string}` | (string & {});
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** The metadata of a sandbox, in which containers share namespaces. */
export interface Sandbox {
  /** Required, immutable. */
  id: string;
  runtime: Runtime;
  spec?: Any;
  labels: Record<string, string>;
  createdAt?: string;
  updatedAt?: string;
  extensions: Record<string, Any>;
  /** The controller that made it. Immutable. */
  sandboxer: string;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** The record of a piece of content; the bytes lie elsewhere. */
export interface Blob {
  digest: string;
  /** As {@link Descriptor.size}. */
  size: number | bigint;
  createdAt?: string;
  updatedAt?: string;
  labels: Record<string, string>;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** The record of a snapshot; the files lie elsewhere. */
export interface Snapshot {
  name: string;
  /** The name of the snapshot below, empty for none. */
  parent: string;
  kind: "unknown" | "view" | "active" | "committed";
  labels: Record<string, string>;
  createdAt?: string;
  updatedAt?: string;
  /** What the snapshotter calls it. */
  backendName: string;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** What happened, when, and in which namespace. */
export interface Envelope {
  timestamp?: string;
  namespace: string;
  /** For example `/containers/create`. Topics below `/stowbook/` are of changes that containerd tells nobody of. */
  topic: string;
  /** What it happened to. */
  event?: Any;
  /** As {@link Any.unknown}. */
  unknown?: Uint8Array;
}

/** The kinds of records, and what each is. */
export interface RecordTypes {
  blob: Blob;
  container: Container;
  descriptor: Descriptor;
  event: Envelope;
  image: Image;
  lease: Lease;
  namespace: Namespace;
  resource: LeaseResource;
  sandbox: Sandbox;
  snapshot: Snapshot;
}

export type RecordKind = keyof RecordTypes;

/** A record for writing: what is absent is empty. The store sets the times; what is given there is ignored. */
export type ContainerInput = Pick<Container, "id"> & Partial<Omit<Container, "runtime">> & { runtime?: Partial<Runtime> };
export type NamespaceInput = Pick<Namespace, "name"> & Partial<Namespace>;
export type ImageInput = Pick<Image, "name"> & Partial<Omit<Image, "target">> & { target?: Partial<Descriptor> };
export type LeaseInput = Partial<Lease>;
export type SandboxInput = Pick<Sandbox, "id"> & Partial<Omit<Sandbox, "runtime">> & { runtime?: Partial<Runtime> };

/** containerd's message of a record, in protobuf. Unknown fields that came from a message go back into it. */
export function encode<K extends RecordKind>(kind: K, record: Partial<RecordTypes[K]>): Uint8Array;

/** The record in a message of containerd. */
export function decode<K extends RecordKind>(kind: K, message: Uint8Array): RecordTypes[K];

/** The JSON of a record, which is the same in every language. */
export function toJson<K extends RecordKind>(kind: K, record: Partial<RecordTypes[K]>): string;

/** The record in that JSON. Members that are not known are refused. */
export function fromJson<K extends RecordKind>(kind: K, json: string | Uint8Array): RecordTypes[K];

/** A compiled filter: texts such as `labels.tier==front,image~=nginx`, of which one has to hold. No text: all pass. */
export class Filter {
  constructor(...filters: string[]);
  readonly texts: readonly string[];
  /** What containerd accepts, and whoever wrote it surely did not mean. */
  readonly warnings: readonly FilterWarning[];
  /** Whether a record passes. */
  matches<K extends "blob" | "container" | "event" | "image" | "lease" | "sandbox" | "snapshot">(
    kind: K,
    record: Partial<RecordTypes[K]>,
  ): boolean;
  /** Whether a record passes that is just fields: values by their paths, `labels.tier`. */
  matchesFields(fields: Record<string, string>): boolean;
}

export interface FilterWarning {
  /** Which text it is in, from 0. */
  readonly filter: number;
  /** Which selector of that text it is in, from 0. */
  readonly selector: number;
  /** The regular expression, which does not compile and therefore matches nothing. */
  readonly pattern: string;
  readonly reason: string;
}
