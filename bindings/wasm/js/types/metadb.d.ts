/// <reference lib="esnext.disposable" />

import type { Container, Image, Sandbox } from "./record.js";
import type { Readable, ReadableLeases, ReadableNamespaces } from "./store.js";

/** A database of containerd, `meta.db`, of any version: read from bytes alone, never changed. */
export class MetaDb {
  private constructor();
  /** The database in the bytes of its file. */
  static fromBytes(bytes: Uint8Array): MetaDb;
  /** What is wrong with a file: every page, record and reference. Works on files that {@link fromBytes} does not open, too. */
  static check(bytes: Uint8Array): MetaDbFinding[];
  /** What can still be read of a damaged file, and what was lost. */
  static salvage(bytes: Uint8Array): MetaDbSalvage;
  readonly namespaces: ReadableNamespaces;
  namespace(name: string): InMetaDb;
  /** What the database says about itself. */
  info(): MetaDbInfo;
  /**
   * The whole database as JSON, exactly as `stowbook metadb dump` prints it: a {@link MetaDbDump}, a line for each record. It is
   * a text because sizes may have 64 bits, which `JSON.parse` rounds.
   */
  dump(): string;
  /** Gives its memory back. Later calls fail. A second `free` does nothing. */
  free(): void;
  [Symbol.dispose](): void;
}

export interface InMetaDb {
  readonly name: string;
  readonly containers: Readable<Container>;
  readonly images: Readable<Image>;
  readonly leases: ReadableLeases;
  readonly sandboxes: Readable<Sandbox>;
}

export interface MetaDbInfo {
  /** Bytes. */
  pageSize: number;
  /** The number of the last transaction. */
  txid: number;
  /** The version of the records' layout, 1 to 4; null where containerd has not written it yet. */
  version: number | null;
}

export interface MetaDbFinding {
  /** `damage`: bytes are not what was written. `oddity`: what the file says does not add up. */
  severity: "damage" | "oddity";
  /** The page that it was found on. */
  page: number | null;
  /** The keys on the way to it, joined with slashes. */
  path: string;
  problem: string;
}

/** The namespaces by name. A text that is not UTF-8 is base64 in a member `‹name›_base64` in place of `‹name›`. */
export type MetaDbDump = Record<string, MetaDbNamespace>;

/** Records in the members of containerd's messages, opaque values as `{type_url, value_base64}`. */
export interface MetaDbNamespace {
  labels: Record<string, string> | null;
  containers: MetaDbRecord[];
  images: MetaDbRecord[];
  leases: MetaDbRecord[];
  sandboxes: MetaDbRecord[];
  content: { blobs: MetaDbRecord[]; ingests: MetaDbRecord[] };
  /** By snapshotter. */
  snapshots: Record<string, { sequence: number | null; snapshots: MetaDbRecord[] }>;
}

export interface MetaDbRecord {
  [member: string]: unknown;
}

export interface MetaDbSalvage {
  /** Records that do not come from the newest state have a member `salvaged_from`, those with parts lost `incomplete`. */
  namespaces: MetaDbDump;
  /** Records on pages to which no way leads any more. */
  fragments: {
    page: number;
    kind: string;
    namespace: string | null;
    key: string | null;
    record: MetaDbRecord;
  }[];
  /** What was lost or is doubtful. */
  findings: MetaDbFinding[];
}
