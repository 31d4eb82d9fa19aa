import { MisuseError, nearestName, typeName } from '@ormolu/kernel';
import { POLICY_NAMES } from '../policies/policies';
import { KeyRing } from '../shared/key-ring';
import type { CacheEvents, EntryOptions, FirstLevelOptions, Lifetime, NamedCacheOptions } from './options';

/** What an option takes. Durations, shares and bounds are looked at where they are read, which says more of them. */
interface Form {
  readonly accepts: (value: unknown) => boolean;
  readonly expects: string;
}

const anything: Form = { accepts: () => true, expects: '' };
const flag: Form = { accepts: (value) => typeof value === 'boolean', expects: 'true or false' };
const number: Form = { accepts: (value) => typeof value === 'number', expects: 'a number' };
const bytes: Form = { accepts: isByteCount, expects: 'a number of bytes' };
const text: Form = { accepts: (value) => typeof value === 'string', expects: 'a text' };
const func: Form = { accepts: (value) => typeof value === 'function', expects: 'a function' };
const list: Form = { accepts: Array.isArray, expects: 'a list' };
const oneOf = (...names: readonly string[]): Form => ({ accepts: (value) => names.includes(value as never), expects: names.map((name) => `'${name}'`).join(', ') });
const having = (expects: string, ...methods: readonly string[]): Form => ({
  expects,
  // Any object may be asked for what it has under a name.
  accepts: (value) => isObject(value) && methods.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function'),
});

const LIFETIME: Readonly<Record<keyof Lifetime, Form>> = { ttl: anything, sliding: flag, jitter: number, earlyRefresh: number, grace: anything, negativeTtl: anything };
const BOUNDS = { maxEntries: anything, maxBytes: anything, maxEntryBytes: bytes, policy: oneOf(...POLICY_NAMES) } as const;
const FIRST: Readonly<Record<keyof FirstLevelOptions, Form>> = { ...BOUNDS, ttl: anything };
const ENTRY: Readonly<Record<keyof EntryOptions, Form>> = {
  ...LIFETIME, tags: { accepts: (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'string'), expects: "a list of texts: ['city']" },
};
const CACHE: Readonly<Record<keyof NamedCacheOptions, Form>> = {
  ...LIFETIME, ...BOUNDS,
  l1: { accepts: (value) => value === false || isObject(value), expects: 'bounds and a ttl, as { maxEntries: 1_000 }, or false' },
  l2: having('what redis(…) or memcached(…) gives, or a Backend of your own', 'getMany', 'setMany', 'add', 'replace', 'deleteMany', 'touch', 'check', 'onState', 'close'),
  bus: having('what redisBus(…) gives, or a Bus of your own', 'publish', 'subscribe', 'close'),
  serializer: oneOf('json', 'msgpack', 'v8'),
  compress: { accepts: (value) => typeof value === 'boolean' || (isObject(value) && 'above' in value && isByteCount(value.above) && Object.keys(value).length === 1), expects: 'true, false, or { above: bytes }' },
  keys: { ...list, expects: 'a list of keys, each { id, key }' },
  prefix: text, maxSharedBytes: bytes, deadline: anything, breakAfter: number, maxUnsure: number, lease: anything, fallback: oneOf('memory'),
  calendar: having('a clock', 'now'), clock: having('a clock', 'now'), random: func,
  healthCheckEvery: anything, invalidate: { ...list, expects: "a list of schedules, as [{ every: '1h' }]" }, thresholds: { accepts: isObject, expects: 'an object' },
};
const EVENTS: Readonly<Record<keyof CacheEvents, true>> = { hit: true, miss: true, set: true, remove: true, load: true, error: true, bus: true, alert: true, state: true };

/**
 * @throws {MisuseError} TIER_OPTION_UNKNOWN for an option that nobody would read, naming the nearest that exists; TIER_OPTION_INVALID for a value that an option cannot
 *   have; TIER_KEYS
 */
export function checkCacheOptions(name: string, options: unknown): asserts options is NamedCacheOptions {
  const cache = `Cache '${name}'`;
  check(options, CACHE, { who: cache, what: 'its options' });
  // Both were found to be objects, where they are given.
  const { l1, keys } = options as NamedCacheOptions;
  if (l1 !== undefined && l1 !== false) check(l1, FIRST, { who: cache, what: 'l1', prefix: 'l1.' });
  if (keys !== undefined) {
    for (const one of keys as readonly unknown[]) if (!isObject(one) || !('id' in one) || typeof one.id !== 'string' || !('key' in one)) throw invalid(cache, 'a key', '{ id, key }');
    // Also where nothing is sealed yet: that a key is none is told when it is given.
    new KeyRing(keys);
  }
}

/** Of one entry. @throws {MisuseError} TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID */
export function checkEntryOptions(name: string, options: EntryOptions): void {
  check(options, ENTRY, { who: `Cache '${name}'`, what: "an entry's options" });
}

/** @param names - keys, tags, patterns @throws {MisuseError} TIER_OPTION_INVALID for what is no text */
export function checkTexts(name: string, what: string, names: readonly unknown[]): void {
  for (const one of names) if (typeof one !== 'string') throw invalid(`Cache '${name}'`, `${what}, which is ${typeName(one)}`, 'a text');
}

/** @throws {MisuseError} TIER_OPTION_INVALID for keys that are none, and for a single text, which would be taken for its letters */
export function checkKeys(name: string, keys: Iterable<unknown>): void {
  if (typeof keys === 'string') throw invalid(`Cache '${name}'`, 'a text for its keys', "a list of keys: ['city:1']");
  for (const key of keys) if (typeof key !== 'string') checkTexts(name, 'a key', [key]);
}

/** Keys with their values, as a list. @throws {MisuseError} TIER_OPTION_INVALID for what holds none, such as an object */
export function pairsOf<T>(name: string, what: string, given: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] {
  const source: unknown = given;
  const pairs = typeof source === 'object' && source !== null && Symbol.iterator in source ? [...given] : undefined;
  if (!pairs?.every((pair: unknown) => Array.isArray(pair) && pair.length > 1)) throw invalid(`Cache '${name}'`, what, "pairs, such as [['city:1', value]], or a Map");
  return pairs;
}

/** @throws {MisuseError} TIER_OPTION_INVALID for what is no function */
export function checkLoader(name: string, load: unknown): void {
  if (typeof load !== 'function') throw invalid(`Cache '${name}'`, `a loader, which is ${typeName(load)}`, 'a function that gives the value');
}

/** @throws {MisuseError} TIER_OPTION_UNKNOWN for an event there is not, TIER_OPTION_INVALID for what cannot be told of it */
export function checkListener(name: string, event: string, listener: unknown): void {
  checkTexts(name, 'an event', [event]);
  if (!Object.hasOwn(EVENTS, event)) throw unknown(`Cache '${name}'`, `event '${event}'`, nearest(event, Object.keys(EVENTS)));
  if (typeof listener !== 'function') throw invalid(`Cache '${name}'`, `a listener, which is ${typeName(listener)}`, 'a function');
}

/** @throws {MisuseError} TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID */
function check(options: unknown, forms: Readonly<Record<string, Form>>, { who, what, prefix = '' }: { readonly who: string; readonly what: string; readonly prefix?: string }): void {
  if (!isObject(options)) throw invalid(who, `${what}, which is ${typeName(options)}`, 'an object');
  for (const name in options) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (!form) throw unknown(who, `option '${prefix}${name}'`, nearest(name, Object.keys(forms)));
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !form.accepts(value)) throw invalid(who, `${prefix}${name}, which is ${typeof value === 'string' ? `'${value}'` : typeName(value)}`, form.expects);
  }
}

function nearest(name: string, known: readonly string[]): string {
  const one = nearestName(name, known);
  return one === undefined ? `There are ${known.join(', ')}.` : `Did you mean '${one}'?`;
}

function unknown(who: string, what: string, remedy: string): MisuseError {
  return new MisuseError('TIER_OPTION_UNKNOWN', `${who} has no ${what}. ${remedy}`);
}

function invalid(who: string, what: string, expects: string): MisuseError {
  return new MisuseError('TIER_OPTION_INVALID', `${who} was given ${what}. Give ${expects}.`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isByteCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}
