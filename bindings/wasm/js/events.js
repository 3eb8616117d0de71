import { count, members, text, texts } from "./arguments.js";
import { COPIES, roomFor } from "./codec.js";
import { open, pack, sizeOf, takeEvent } from "./record.js";

/** Where events are published. `run` runs work on the raw publisher of a book or a transaction. */
export class Publisher {
  #run;

  constructor(run) {
    this.#run = run;
  }

  publish(namespace, topic, event) {
    const packed = pack("event", { namespace, topic, event });
    this.#run((publisher) => publisher.publish(packed.lines, packed.bytes), roomFor(packed));
  }

  forward(event) {
    const packed = pack("event", event);
    this.#run((publisher) => publisher.forward(packed.lines, packed.bytes), roomFor(packed));
  }
}

/** The event log of a book. */
export class Events extends Publisher {
  #read;

  constructor(run, read) {
    super(run);
    this.#read = read;
  }

  read(options = {}) {
    const { since = "oldest", filters = [], limit = 1000 } = members(options, "options", {
      since: (value, what) => (typeof value === "number" ? String(count(value, what)) : text(value, what)),
      filters: texts,
      limit: count,
    });
    const page = (raw) => {
      const [{ events, ...place }, bytes] = open(raw.readEvents(since, filters, limit));
      return { events: events.map((event) => takeEvent(event, bytes)), ...place };
    };
    return this.#read(page, COPIES * sizeOf([since, filters]));
  }
}
