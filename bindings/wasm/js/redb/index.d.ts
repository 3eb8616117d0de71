import { Store as MemoryStore } from "../types/store.js";

export * from "../full/index.js";

/** A book in memory. */
export class Store extends MemoryStore {
  static inMemory(): Store;
  /** The book in the bytes of a file. Changes do not go back into them. */
  static open(bytes: Uint8Array): Store;
}
