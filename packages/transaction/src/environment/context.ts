/** What an environment's reads may depend on, beside the user. */
export type Context = Readonly<Record<string, unknown>>;

const texts = new WeakMap<Context, string>();
const identities = new WeakMap<object, number>();
let identified = 0;

/**
 * A context that nobody can change any more: lists and plain objects are copied and frozen, other objects stay what they are. Keys
 * whose value is `undefined` are left out.
 */
export function frozenContext(context: Context): Context {
  if (texts.has(context)) return context;
  const frozen = immutable(context) as Context; // a plain object gives a plain object
  texts.set(frozen, contextText(frozen));
  return frozen;
}

/**
 * A text that is equal for contexts of equal values and different for others, types included. Objects with a class of their own are
 * equal to themselves only.
 *
 * @remarks Written once for a frozen context.
 */
export function contextText(context: Context): string {
  return texts.get(context) ?? textOf(context);
}

function immutable(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(immutable));
  if (!isPlain(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).flatMap(([name, part]) => (part === undefined ? [] : [[name, immutable(part)]]))));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (ArrayBuffer.isView(value)) return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (value instanceof Date) return `d${String(value.getTime())}`;
  if (isPlain(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${textOf(part)}`).join(',')}}`;
  }
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return `#${String(identityOf(value))}`;
  return Object.is(value, -0) ? 'number-0' : `${typeof value}${String(value)}`;
}

function identityOf(value: object): number {
  let identity = identities.get(value);
  if (identity === undefined) {
    identified += 1;
    identities.set(value, (identity = identified));
  }
  return identity;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
