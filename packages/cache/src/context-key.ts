import { ContextKeyError } from './errors';

/**
 * Makes the canonical key of a list of context values: equal lists give equal strings, different ones different strings.
 *
 * Types count: `0`, `false`, `''`, `null`, `undefined` (absent) and `0n` are six different values. Lists and plain objects are
 * compared by content, objects regardless of the order of their keys, dates by their time. `-0` is `0`, and a hole in a list `undefined`.
 * @returns a string, cheap to compare and good for messages
 * @throws {ContextKeyError} CACHE_CONTEXT_KEY for functions, symbols, objects with a class of their own or with symbols as keys, and values
 *   nested more than 64 deep, as those that contain themselves are
 * @remarks Costs some hundred nanoseconds: an environment makes it once per field and keeps it.
 */
export function contextKey(values: readonly unknown[]): string {
  return encodeList(values, 0);
}

/** Values nested deeper than this are refused; those that contain themselves are. */
const DEEPEST = 64;

/** The context key of every field that depends on no context. */
export const NO_CONTEXT: string = contextKey([]);

function encodeList(values: readonly unknown[], depth: number): string {
  return `[${Array.from(values, (value) => encode(value, depth)).join(',')}]`; // unlike map, it meets holes
}

function encode(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${String(value)}n`;
    case 'number': // String(-0) is '0'
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : encodeObject(value, depth + 1);
    default:
      throw new ContextKeyError(typeof value);
  }
}

function encodeObject(value: object, depth: number): string {
  if (depth > DEEPEST) throw new ContextKeyError(`object nested more than ${String(DEEPEST)} deep`);
  if (Array.isArray(value)) return encodeList(value, depth);
  // By tag, not by instanceof: values may come from another realm.
  const tag = Object.prototype.toString.call(value);
  if (tag === '[object Date]') return `@${String(Number(value))}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (tag !== '[object Object]' || !isPlain) throw new ContextKeyError(tag.slice(8, -1));
  if (Object.getOwnPropertySymbols(value).length > 0) throw new ContextKeyError('object with symbols as keys');
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${encode(inner, depth)}`).join(',')}}`;
}
