import { types } from 'node:util';
import { isWellFormed } from './well-formed';

/** A value in which only what a format knows is left. */
export interface PlainForm {
  readonly form: unknown;
  /** Whether anything had to be replaced: if not, reading needs no second look. */
  readonly isReplaced: boolean;
}

/** `scalars`: a format keeps dates, bigints, bytes, undefined and numbers beyond numbers by itself (-0 none does), but writes texts as UTF-8, and knows no key `__proto__`. */
export type FormatKeeps = 'nothing' | 'scalars';

/**
 * Replaces what a format does not know by objects of one key that begins with `$`: dates, bigints, bytes, undefined, numbers beyond
 * numbers, texts that UTF-8 would change, objects with keys that would be changed, and maps and sets always. An object of one such key that a program made itself is
 * wrapped, so that it comes back as it was.
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
  if (typeof value === 'string') return keepsScalars && !isWellFormed(value) ? { $j: JSON.stringify(value) } : value;
  if (typeof value !== 'object' || value === null) return keepsScalars && !Object.is(value, -0) ? value : replacedScalar(value);
  if (Array.isArray(value)) return replacedIn(value, { parts: value, keepsScalars }, (all) => all);
  if (types.isDate(value)) return keepsScalars ? value : { $d: value.getTime() };
  if (types.isUint8Array(value)) return keepsScalars ? value : { $b: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (types.isMap(value)) return { $m: [...value].map(([key, one]) => [replaced(key, keepsScalars), replaced(one, keepsScalars)]) };
  if (types.isSet(value)) return { $s: [...value].map((one) => replaced(one, keepsScalars)) };
  refuseClass(value);
  const names = Object.keys(value);
  // Its values by name, as a plain object has them.
  const record = value as Readonly<Record<string, unknown>>;
  if (keepsScalars && !names.every(isKept)) return { $e: names.map((name) => [replaced(name, keepsScalars), replaced(record[name], keepsScalars)]) };
  const after = replacedIn(record, { parts: names.map((name) => record[name]), keepsScalars }, (all) => Object.fromEntries(names.map((name, place) => [name, all[place]])));
  return names.length === 1 && names[0]?.startsWith('$') === true ? { $o: after } : after;
}

/** @throws {TypeError} for an object of a class */
function refuseClass(one: object): void {
  const kind: unknown = Object.getPrototypeOf(one);
  // A plain object of another realm has another Object.prototype, and that has none.
  if (kind !== null && Object.getPrototypeOf(kind) !== null) throw new TypeError('an object of a class is no data');
}

/**
 * For a format that knows cycles and what the engine itself has, and would write objects of classes as plain ones.
 *
 * @throws {TypeError} for a value that is or holds one
 */
export function refuseClasses(value: unknown): void {
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    if (types.isMap(one)) for (const pair of one) open.push(...pair);
    else if (types.isSet(one)) for (const each of one) open.push(each);
    else if (!isOfTheEngine(one)) {
      if (!Array.isArray(one)) refuseClass(one);
      for (const each of Object.values(one)) open.push(each);
    }
  }
}

/** What holds no other values, and comes back as what it is. */
function isOfTheEngine(one: object): boolean {
  return ArrayBuffer.isView(one) || types.isDate(one) || types.isRegExp(one) || types.isAnyArrayBuffer(one) || types.isBoxedPrimitive(one) || types.isNativeError(one);
}

/** A key that every format brings back. */
function isKept(name: string): boolean {
  return name !== '__proto__' && isWellFormed(name);
}

function replacedScalar(value: unknown): unknown {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $f: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'bigint') return { $n: bigintText(value) };
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
  if (name === '$n' && typeof inner === 'string') return bigintIn(inner);
  if (name === '$d') return new Date(inner === null ? Number.NaN : Number(inner));
  if (name === '$b' && typeof inner === 'string') return new Uint8Array(Buffer.from(inner, 'base64'));
  if (name === '$f') return Number(inner);
  if (name === '$u') return undefined;
  if (name === '$j' && typeof inner === 'string') return textIn(inner);
  if (name === '$m' && Array.isArray(inner)) return new Map(inner.map(pairIn));
  if (name === '$e' && Array.isArray(inner)) return Object.fromEntries(inner.map((pair) => namedIn(pairIn(pair))));
  if (name === '$s' && Array.isArray(inner)) return new Set(inner.map(fromPlainForm));
  if (name === '$o' && typeof inner === 'object' && inner !== null) return fromPairs(Object.entries(inner));
  throw new TypeError('a form that is never written');
}

/** Decimal texts are read in a time that grows with the square of their length, and anybody may have written them; hexadecimal ones are not. */
const LONGEST_DECIMAL = 1_000;
const HEXADECIMAL = /^-?0x/;

function bigintText(value: bigint): string {
  const hexadecimal = value.toString(16);
  if (hexadecimal.length < LONGEST_DECIMAL / 2) return value.toString();
  return value < 0n ? `-0x${hexadecimal.slice(1)}` : `0x${hexadecimal}`;
}

function bigintIn(text: string): bigint {
  if (HEXADECIMAL.test(text)) return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  if (text.length > LONGEST_DECIMAL) throw new TypeError('a form that is never written');
  return BigInt(text);
}

function textIn(json: string): string {
  const text: unknown = JSON.parse(json);
  if (typeof text !== 'string') throw new TypeError('a form that is never written');
  return text;
}

function pairIn(pair: unknown): [unknown, unknown] {
  if (!Array.isArray(pair)) throw new TypeError('a form that is never written');
  return [fromPlainForm(pair[0]), fromPlainForm(pair[1])];
}

function namedIn([name, value]: [unknown, unknown]): [string, unknown] {
  if (typeof name !== 'string') throw new TypeError('a form that is never written');
  return [name, value];
}

/** Not by assignment: a key `__proto__` is a key like any other. */
function fromPairs(pairs: readonly [string, unknown][]): unknown {
  return Object.fromEntries(pairs.map(([key, value]) => [key, fromPlainForm(value)]));
}
