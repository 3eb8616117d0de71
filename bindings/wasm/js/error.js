/** What goes wrong in stowbook: a kind, a message, and what the caller can do. */
export class StowbookError extends Error {
  /**
   * @param {string} kind
   * @param {string} message
   * @param {{ help?: string, details?: Iterable<[string, string]>, cause?: unknown }} [more]
   */
  constructor(kind, message, { help, details = [], ...options } = {}) {
    super(message, options);
    this.kind = kind;
    this.code = kind;
    this.help = help;
    this.details = Object.freeze(Object.fromEntries(details));
  }

  get name() {
    return "StowbookError";
  }
}

export function exhausted(options) {
  return new StowbookError("resource_exhausted", "there is not enough memory: resource exhausted", options);
}
