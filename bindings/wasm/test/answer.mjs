// What the package says to a check, as the native side says it. It runs in Node and in browsers.

export function answer({ detect, fix, validate }, { text, options }) {
  const { text: fixed, codes } = fix(text, options);
  return JSON.stringify({
    detected: detect(text) ?? null,
    report: validate(text, options),
    codes,
    fixed_base64: base64(fixed),
  });
}

export function base64(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += 32768) out += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(out);
}

/** All that is in a database, in the words of the package. */
export function contents(MetaDb, bytes) {
  const text = (_, value) => {
    if (typeof value === "bigint") return String(value);
    return value instanceof Uint8Array ? base64(value) : value;
  };
  const out = { findings: MetaDb.check(bytes), salvage: MetaDb.salvage(bytes) };
  const db = MetaDb.fromBytes(bytes);
  out.info = db.info();
  out.dump = db.dump();
  out.namespaces = db.namespaces.list().map((namespace) => {
    const { containers, images, leases, sandboxes } = db.namespace(namespace.name);
    return {
      namespace,
      containers: containers.list(),
      images: images.list(),
      leases: leases.list().map((lease) => ({ lease, resources: leases.resources(lease.id) })),
      sandboxes: sandboxes.list(),
    };
  });
  db.free();
  return JSON.stringify(out, text);
}
