/**
 * Tells whether two cached values are the same.
 *
 * Plain values by `===`, and `NaN` is itself; lists, bytes, dates and plain objects by content. `null`, `undefined`, `false`, `0`
 * and `''` are five different values. Anything else only by identity.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Number.isNaN(a) && Number.isNaN(b);
  if (Array.isArray(a) || ArrayBuffer.isView(a)) return sameLists(a, b);
  const tag = Object.prototype.toString.call(a);
  if (tag !== Object.prototype.toString.call(b)) return false;
  if (tag === '[object Date]') return sameValue(Number(a), Number(b));
  return isPlain(a) && isPlain(b) && sameEntries(Object.entries(a), Object.entries(b));
}

function sameLists(a: object, b: object): boolean {
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  const left = a as ArrayLike<unknown>; // the caller has seen an array or a view on bytes, and both have the same tag
  const right = b as ArrayLike<unknown>;
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) {
    if (!sameValue(left[at], right[at])) return false;
  }
  return true;
}

function sameEntries(a: readonly (readonly [string, unknown])[], b: readonly (readonly [string, unknown])[]): boolean {
  if (a.length !== b.length) return false;
  const right = new Map(b);
  return a.every(([name, value]) => right.has(name) && sameValue(value, right.get(name)));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
