import { ContextKeyError } from './errors';

/**
 * Makes the canonical key of a list of context values: equal lists give equal strings, different ones different strings.
 *
 * Types count: `0`, `false`, `''`, `null`, `undefined` (absent) and `0n` are six different values. Lists and plain objects are
 * compared by content, objects regardless of the order of their keys, dates by their time. `-0` is `0`.
 * @returns a string, cheap to compare and good for messages
 * @throws {ContextKeyError} CACHE_CONTEXT_KEY for functions, symbols and objects with a class of their own
 * @remarks Costs some hundred nanoseconds: an environment makes it once per field and keeps it.
 */
export function contextKey(values: readonly unknown[]): string {
  return `[${values.map(encode).join(',')}]`;
}

/** The context key of every field that depends on no context. */
export const NO_CONTEXT: string = contextKey([]);

function encode(value: unknown): string {
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
      return value === null ? 'null' : encodeObject(value);
    default:
      throw new ContextKeyError(typeof value);
  }
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) return contextKey(value);
  // By tag, not by instanceof: values may come from another realm.
  const tag = Object.prototype.toString.call(value);
  if (tag === '[object Date]') return `@${String(Number(value))}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (tag !== '[object Object]' || !isPlain) throw new ContextKeyError(tag.slice(8, -1));
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${encode(inner)}`).join(',')}}`;
}
