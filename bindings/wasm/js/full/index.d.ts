export * from "../types/check.js";
export * from "../types/error.js";
export * from "../types/metadb.js";
export * from "../types/record.js";
export * from "../types/store.js";
