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

/** The version of stowbook. */
export function version(): string;
