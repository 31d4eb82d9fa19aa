import { Refusal, type FieldKind } from './field-kind';
import { isStorableText } from './text-kinds';

/** A value that JSON can hold. A property that is undefined is left out. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined };

/** A type with everything in it read-only, as reads of json fields give it. */
export type DeepReadonly<V> = [JsonValue] extends [V] ? V : V extends object ? { readonly [K in keyof V]: DeepReadonly<V[K]> } : V;

/** As deep as lists and objects may be nested: beyond it, converting and PostgreSQL's own parser run out of stack. */
const MAX_DEPTH = 500;

/** What a part of a value is that JSON has no place for; thrown inside this file only. */
class Misfit extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

/**
 * A JSON value. The cache keeps a deep-frozen copy with sorted keys, in which form every read gives it: what a transaction reads before and
 * after storing is the same to the letter, although jsonb sorts keys in another way.
 */
export const jsonKind: FieldKind = {
  name: 'json',
  columnType: 'jsonb',
  take: (value) => {
    try {
      return canonical(value, { above: [], isStored: false });
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return new Refusal(`a JSON value: plain objects, lists, texts, finite numbers, true, false and null, but not ${error.what}, neither as such nor within`);
    }
  },
  toUser: (cached) => cached,
  toColumn: (cached) => cached,
  fromColumn: (raw) => canonical(raw, { above: [], isStored: true }),
  isEqual,
};

/** Where a copy has come to. */
interface Walk {
  /** The lists and objects the value stands in. */
  readonly above: object[];
  /** From the database: read as it stands, however deep it is nested and however large its numbers are. */
  readonly isStored: boolean;
}

function canonical(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value) && !walk.isStored) throw new Misfit('NaN or infinity');
      return value === 0 ? 0 : value;
    case 'string':
      return storable(value);
    case 'object':
      return value === null ? null : canonicalWhole(value, walk);
    default:
      throw new Misfit(value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function canonicalWhole(value: object, walk: Walk): unknown {
  const { above, isStored } = walk;
  if (above.includes(value)) throw new Misfit('an object that contains itself');
  if (above.length >= MAX_DEPTH && !isStored) throw new Misfit(`anything nested deeper than ${MAX_DEPTH} levels`);
  if (!Array.isArray(value) && !isPlain(value)) throw new Misfit('an object of a class, such as a Date or a Map');
  above.push(value);
  // Array.from gives holes as undefined, which is refused; map would keep them.
  const copy: unknown = Array.isArray(value) ? Array.from(value, (part) => canonical(part, walk)) : canonicalObject(value, walk);
  above.pop();
  return Object.freeze(copy);
}

function canonicalObject(value: object, walk: Walk): unknown {
  const copy = {};
  for (const [name, part] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (part === undefined) continue;
    // Assigning '__proto__' would change the copy's prototype.
    Object.defineProperty(copy, storable(name), { value: canonical(part, walk), enumerable: true });
  }
  return copy;
}

function storable(text: string): string {
  if (!isStorableText(text)) throw new Misfit('text with a NUL character or half a surrogate pair');
  return text;
}

/** Made by `{}` of any realm, or without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Two canonical values: their keys come in the same order. */
function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (a === b) return true;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([name, part], place) => name === right[place]?.[0] && isEqual(part, right[place][1]));
}
