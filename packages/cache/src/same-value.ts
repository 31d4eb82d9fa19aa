/**
 * Tells whether two cached values are the same.
 *
 * Plain values by `===`, and `NaN` is itself; lists, bytes (`DataView`s too), dates and plain objects by content. `null`, `undefined`,
 * `false`, `0` and `''` are five different values. Anything else only by identity. Values that contain themselves are the same when no
 * walk through both finds a difference.
 * @param a - one value
 * @param b - the other
 * @returns whether storing one for the other would change nothing
 * @remarks O(content), each pair of lists or objects once; `===` values at once.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || same(a, b, undefined);
}

/** Pairs of lists and objects whose comparing has begun: whoever comes back to one, as in circles, need not look again. */
type Begun = Map<object, Set<object>>;

function same(a: unknown, b: unknown, begun: Begun | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Number.isNaN(a) && Number.isNaN(b);
  // By tag, not by instanceof: values may come from another realm.
  const tag = Object.prototype.toString.call(a);
  if (tag !== Object.prototype.toString.call(b)) return false;
  if (tag === '[object Date]') return same(Number(a), Number(b), undefined);
  if (begun?.get(a)?.has(b) === true) return true;
  if (Array.isArray(a)) return Array.isArray(b) && sameLists(a, b, begun);
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && sameLists(placesOf(a), placesOf(b), undefined);
  return isPlain(a) && isPlain(b) && sameObjects(a, b, begun);
}

/** A view on bytes as a list: what it reads there, or the bytes themselves where it has no reading of its own. */
function placesOf(view: ArrayBufferView): ArrayLike<unknown> {
  if (Object.prototype.toString.call(view) === '[object DataView]') return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return view as unknown as ArrayLike<unknown>; // all views but DataView are
}

function sameLists(a: ArrayLike<unknown>, b: ArrayLike<unknown>, begun: Begun | undefined): boolean {
  if (a.length !== b.length) return false;
  let inside: Begun | undefined;
  for (let at = 0; at < a.length; at += 1) {
    const value = a[at];
    if (typeof value === 'object') inside ??= noted(a, b, begun);
    if (!same(value, b[at], inside)) return false;
  }
  return true;
}

function sameObjects(a: object, b: object, begun: Begun | undefined): boolean {
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  if (left.length !== right.size) return false;
  const inside = noted(a, b, begun);
  return left.every(([name, value]) => right.has(name) && same(value, right.get(name), inside));
}

function noted(a: object, b: object, begun: Begun = new Map<object, Set<object>>()): Begun {
  const others = begun.get(a);
  if (others === undefined) begun.set(a, new Set([b]));
  else others.add(b);
  return begun;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
