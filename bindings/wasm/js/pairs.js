/** `[key, value, key, value]` as an object, in which `__proto__` is a key like any other. */
export function pairs(inTurn) {
  const out = [];
  for (let at = 0; at < inTurn.length; at += 2) out.push([inTurn[at], inTurn[at + 1]]);
  return Object.fromEntries(out);
}
