import { POLICY_NAMES, type FirstLevelOptions, type LocalCacheOptions, type LocalCommandsOptions, type NamedCacheOptions } from '@ormolu/tiers';
import { duration, flag, func, having, isObject, list, number, oneOf, text, type Form } from './option-forms';

const POLICY = oneOf(...POLICY_NAMES);
const BOUNDS = { maxEntries: number, maxBytes: number, policy: POLICY };
const CLOCK = having('a clock: { now: () => … }', 'now');
/** Whether their parts mean anything is looked at where they are used. */
const PARTS: Form = { accepts: isObject, expects: 'an object' };

const COMMANDS: Readonly<Record<keyof LocalCommandsOptions, Form>> = { ...BOUNDS, minTime: duration, maxResult: number };

/** What `localCache` may have in it. */
export const LOCAL_CACHE: Readonly<Record<keyof LocalCacheOptions, Form>> = {
  ...BOUNDS,
  commands: { accepts: (value) => value === false || isObject(value), expects: 'false, or its bounds: { maxEntries: 1_000 }', within: COMMANDS },
};

const FIRST_LEVEL: Readonly<Record<keyof FirstLevelOptions, Form>> = { ...BOUNDS, maxEntryBytes: number, ttl: duration };

/** What each of `caches` may have in it. */
export const CACHE: Readonly<Record<keyof NamedCacheOptions, Form>> = {
  ...BOUNDS, maxEntryBytes: number,
  ttl: duration, sliding: flag, jitter: number, earlyRefresh: number, grace: duration, negativeTtl: duration,
  l2: having('a server: redis(url) or memcached(servers)', 'getMany', 'setMany', 'check', 'close'),
  l1: { accepts: (value) => value === false || isObject(value), expects: 'false, or its bounds: { maxEntries: 1_000 }', within: FIRST_LEVEL },
  bus: having('a bus: redisBus(url)', 'publish', 'subscribe', 'close'),
  serializer: text, prefix: text, keys: list, fallback: oneOf('memory'),
  compress: { accepts: (value) => typeof value === 'boolean' || isObject(value), expects: 'true, false or { above: bytes }', within: { above: number } },
  maxSharedBytes: number, deadline: duration, breakAfter: number, maxUnsure: number, lease: duration,
  clock: CLOCK, calendar: CLOCK, random: func,
  healthCheckEvery: duration, thresholds: PARTS, invalidate: list,
};
