import { types } from 'node:util';

/** A value in which only what a format knows is left. */
export interface PlainForm {
  readonly form: unknown;
  /** Whether anything had to be replaced: if not, reading needs no second look. */
  readonly isReplaced: boolean;
}

/** Whether a format keeps dates, bigints, bytes, undefined and numbers beyond numbers by itself (-0 none does). */
export type FormatKeeps = 'nothing' | 'scalars';

/**
 * Replaces what a format does not know by objects of one key that begins with `$`: dates, bigints, bytes, undefined, numbers beyond
 * numbers, and maps and sets always. An object of one such key that a program made itself is wrapped, so that it comes back as it was.
 *
 * @throws {TypeError} for what is no data: functions, symbols, objects of classes
 */
export function toPlainForm(value: unknown, keeps: FormatKeeps): PlainForm {
  const form = replaced(value, keeps === 'scalars');
  return { form, isReplaced: !Object.is(form, value) };
}

/** The value itself where nothing in it has to be replaced: no copy is made of what the format knows. */
function replaced(value: unknown, keepsScalars: boolean): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`a ${typeof value} is no data`);
  if (typeof value !== 'object' || value === null) return keepsScalars && !Object.is(value, -0) ? value : replacedScalar(value);
  if (Array.isArray(value)) return replacedIn(value, { parts: value, keepsScalars }, (all) => all);
  if (types.isDate(value)) return keepsScalars ? value : { $d: value.getTime() };
  if (types.isUint8Array(value)) return keepsScalars ? value : { $b: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (types.isMap(value)) return { $m: [...value].map(([key, one]) => [replaced(key, keepsScalars), replaced(one, keepsScalars)]) };
  if (types.isSet(value)) return { $s: [...value].map((one) => replaced(one, keepsScalars)) };
  const kind: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm has another Object.prototype, and that has none.
  if (kind !== null && Object.getPrototypeOf(kind) !== null) throw new TypeError('an object of a class is no data');
  const names = Object.keys(value);
  // Its values by name, as a plain object has them.
  const record = value as Readonly<Record<string, unknown>>;
  const after = replacedIn(record, { parts: names.map((name) => record[name]), keepsScalars }, (all) => Object.fromEntries(names.map((name, place) => [name, all[place]])));
  return names.length === 1 && names[0]?.startsWith('$') === true ? { $o: after } : after;
}

function replacedScalar(value: unknown): unknown {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $f: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'bigint') return { $n: value.toString() };
  return value === undefined ? { $u: 0 } : value;
}

function replacedIn(whole: unknown, { parts, keepsScalars }: { readonly parts: readonly unknown[]; readonly keepsScalars: boolean }, made: (parts: readonly unknown[]) => unknown): unknown {
  let all: unknown[] | undefined;
  for (let place = 0; place < parts.length; place += 1) {
    const after = replaced(parts[place], keepsScalars);
    if (Object.is(after, parts[place])) continue;
    all ??= [...parts];
    all[place] = after;
  }
  return all ? made(all) : whole;
}

/** Puts back what `toPlainForm` replaced. @throws {TypeError} for what it never writes */
export function fromPlainForm(form: unknown): unknown {
  if (typeof form !== 'object' || form === null || types.isDate(form) || types.isUint8Array(form)) return form;
  if (Array.isArray(form)) return form.map(fromPlainForm);
  const pairs = Object.entries(form);
  const [name, inner] = pairs[0] ?? [];
  if (pairs.length === 1 && name?.startsWith('$') === true) return special(name, inner);
  return fromPairs(pairs);
}

function special(name: string, inner: unknown): unknown {
  if (name === '$n' && typeof inner === 'string') return BigInt(inner);
  if (name === '$d') return new Date(inner === null ? Number.NaN : Number(inner));
  if (name === '$b' && typeof inner === 'string') return new Uint8Array(Buffer.from(inner, 'base64'));
  if (name === '$f') return Number(inner);
  if (name === '$u') return undefined;
  if (name === '$m' && Array.isArray(inner)) {
    return new Map(inner.map((pair: unknown): [unknown, unknown] => {
      if (!Array.isArray(pair)) throw new TypeError('a form that is never written');
      return [fromPlainForm(pair[0]), fromPlainForm(pair[1])];
    }));
  }
  if (name === '$s' && Array.isArray(inner)) return new Set(inner.map(fromPlainForm));
  if (name === '$o' && typeof inner === 'object' && inner !== null) return fromPairs(Object.entries(inner));
  throw new TypeError('a form that is never written');
}

/** Not by assignment: a key `__proto__` is a key like any other. */
function fromPairs(pairs: readonly [string, unknown][]): unknown {
  return Object.fromEntries(pairs.map(([key, value]) => [key, fromPlainForm(value)]));
}
