export * from "../types/check.js";
export * from "../types/error.js";
