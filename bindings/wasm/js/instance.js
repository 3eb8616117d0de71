import { instantiate } from "../pkg/stowbook.js";
import { StowbookError } from "./error.js";
import { pairs } from "./record.js";

/** What any call may need: pages, write-sets, results. */
const ROOM_BYTES = 1 << 20;

/**
 * An instance of the WebAssembly module, with a memory of its own.
 *
 * A book has one for itself: when it traps (damaged bytes can do that, and an exhausted memory), no other book is lost, and
 * when the book is freed its memory goes back to the system, which WebAssembly's memory otherwise never does.
 */
export class Instance {
  #wasm = instantiate();
  #trap;

  constructor(module) {
    try {
      this.#wasm.initSync({ module });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw exhausted({ cause });
    }
  }

  /**
   * Runs `work` on the instance. No caller's code may run in it.
   *
   * @template T
   * @param {(wasm: any) => T} work
   * @param {number} [bytes] how much memory it needs for what comes in
   * @returns {T}
   */
  call(work, bytes = 0) {
    if (this.#trap) throw trapped(this.#trap);
    try {
      // A failed allocation would be a trap, so there has to be room before the call.
      if (!this.#hasRoom(bytes + ROOM_BYTES)) throw exhausted();
      return work(this.#wasm);
    } catch (error) {
      if (error instanceof this.#wasm.Failure) throw takeFailure(error);
      if (error instanceof StowbookError) throw error;
      // Whatever else comes out, a stack that was full included, has left the instance in the middle of something.
      this.#trap = { cause: error, panic: this.#panicMessage() };
      throw trapped(this.#trap);
    }
  }

  #hasRoom(bytes) {
    return bytes < 2 ** 31 && this.#wasm.hasRoom(bytes);
  }

  /** What the code said before it trapped; a full stack says nothing. */
  #panicMessage() {
    try {
      return this.#wasm.panicMessage();
    } catch {
      return undefined;
    }
  }
}

/** The core's error as a StowbookError. */
function takeFailure(from) {
  const { kind, message, help, details } = from;
  from.free();
  return new StowbookError(kind, message, { help, details: Object.entries(pairs(details)) });
}

function exhausted(options) {
  return new StowbookError("resource_exhausted", "there is not enough memory: resource exhausted", options);
}

function trapped({ cause, panic }) {
  return new StowbookError("internal", "the instance of stowbook's WebAssembly trapped: internal", {
    help: "open the book again, which loads a new instance; if its bytes are not damaged, please report this",
    details: panic ? [["panic", panic]] : [],
    cause,
  });
}
