import { StowbookError, exhausted } from "./error.js";
import { pairs } from "./pairs.js";

/** What any call may need: pages, write-sets, results. */
const ROOM_BYTES = 1 << 20;

/** An instance that grew beyond this is not kept for later calls: WebAssembly's memory never shrinks. */
const KEPT_BYTES = 64 << 20;

/** A WebAssembly module, and the glue that makes instances of it. */
export class Engine {
  constructor(module, instantiate) {
    this.module = module;
    this.instantiate = instantiate;
  }
}

/**
 * An instance of a WebAssembly module, with a memory of its own.
 *
 * A book has one for itself: when it traps (damaged bytes can do that, and an exhausted memory), no other book is lost, and
 * when the book is freed its memory goes back to the system, which WebAssembly's memory otherwise never does.
 */
export class Instance {
  #wasm;
  #memory;
  #help;
  #trap;

  constructor(engine, help = "open the book again, which loads a new instance; if its bytes are not damaged, please report this") {
    this.#wasm = engine.instantiate();
    this.#help = help;
    try {
      this.#memory = this.#wasm.initSync({ module: engine.module }).memory;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw exhausted({ cause });
    }
  }

  /** Whether it can serve later calls. */
  get isWorthKeeping() {
    return !this.#trap && this.#memory.buffer.byteLength <= KEPT_BYTES;
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
    if (this.#trap) throw this.#trapped();
    try {
      // A failed allocation would be a trap, so there has to be room before the call.
      if (!this.#hasRoom(bytes + ROOM_BYTES)) throw exhausted();
      return work(this.#wasm);
    } catch (error) {
      if (error instanceof this.#wasm.Failure) throw takeFailure(error);
      if (error instanceof StowbookError) throw error;
      // Whatever else comes out, a stack that was full included, has left the instance in the middle of something.
      this.#trap = { cause: error, panic: this.#panicMessage() };
      // The glue frees nothing there any more.
      this.#wasm.trapped = true;
      throw this.#trapped();
    }
  }

  #hasRoom(bytes) {
    return bytes < 2 ** 31 && this.#wasm.hasRoom(bytes);
  }

  #trapped() {
    const { cause, panic } = this.#trap;
    return new StowbookError("internal", "the instance of stowbook's WebAssembly trapped: internal", {
      help: this.#help,
      details: panic ? [["panic", panic]] : [],
      cause,
    });
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

/** The instance that functions without a state share. It is replaced when it traps, and when it has grown too large. */
export class Shared {
  #engine;
  #instance;

  constructor(engine) {
    this.#engine = engine;
  }

  /** As {@link Instance.call}; `work` gets the instance too, as a sign for what it may have left there. */
  call(work, bytes) {
    const instance = (this.#instance ??= new Instance(this.#engine, "the next call loads a new instance; please report this"));
    try {
      return instance.call((wasm) => work(wasm, instance), bytes);
    } finally {
      if (!instance.isWorthKeeping && this.#instance === instance) this.#instance = undefined;
    }
  }
}

/** The core's error as a StowbookError. */
function takeFailure(from) {
  const { kind, message, help, details } = from;
  from.free();
  return new StowbookError(kind, message, { help, details: Object.entries(pairs(details)) });
}
