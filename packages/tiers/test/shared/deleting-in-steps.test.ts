import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

const FITTING = 14_000;
const OTHERS = 6_000;
/** A server looks at so many keys in a millisecond or less. */
const MOST_KEYS_A_CALL = 2_000;

let server: OwnCacheServer;
let admin: Redis;
let l2: Backend;
let cache: NamedCache;

beforeAll(async () => {
  server = await ownCacheServer('redis');
  admin = new Redis(server.port, '127.0.0.1');
  l2 = redis(server.url);
  cache = new NamedCache('large', { l2, l1: false, ttl: '1h', deadline: '10s' });
  const keys = [...Array.from({ length: FITTING }, (_, at) => `city:${String(at)}`), ...Array.from({ length: OTHERS }, (_, at) => `town:${String(at)}`)];
  await cache.setMany(keys.map((key) => [key, 1]));
  // Every call of anybody is told of from now on, with what it was given.
  await admin.config('SET', 'slowlog-max-len', '100000');
  await admin.config('SET', 'slowlog-log-slower-than', '0');
});
afterAll(async () => {
  await cache.close();
  await l2.close();
  admin.disconnect();
  server.stop();
});

interface Call {
  readonly name: string;
  readonly args: readonly string[];
  /** How many it was given: of those beyond 31, only the number is told. */
  readonly given: number;
}

/** What the server has been asked since it was last asked this, in order. */
async function asked(): Promise<readonly Call[]> {
  const log = await admin.slowlog('GET', 100_000) as readonly (readonly [number, number, number, readonly string[]])[]; // as Redis documents it
  await admin.slowlog('RESET');
  return [...log].reverse().map(([, , , [name = '', ...args]]) => {
    const [, more] = /^\.\.\. \((\d+) more arguments\)$/.exec(args.at(-1) ?? '') ?? [];
    return { name: name.toLowerCase(), args, given: more === undefined ? args.length : args.length - 1 + Number(more) };
  });
}

test('Redis looks for a pattern in twenty thousand keys, and takes out what fits, in small steps, between which it answers others', async () => {
  const over = new AbortController();
  const other = (async (): Promise<void> => {
    while (!over.signal.aborted) await admin.echo('between');
  })();
  await admin.slowlog('RESET');
  expect(await cache.deleteByPattern('city:*')).toBe(FITTING);
  over.abort();
  await other;
  const calls = await asked();
  const of = (...names: readonly string[]): readonly Call[] => calls.filter(({ name }) => names.includes(name));
  expect(of('keys', 'flushdb', 'flushall', 'del', 'eval', 'evalsha', 'sort')).toEqual([]);
  const scans = of('scan');
  expect(scans.length).toBeGreaterThanOrEqual((FITTING + OTHERS) / MOST_KEYS_A_CALL);
  expect(scans.map(({ args }) => Number(args[args.findIndex((arg) => arg.toUpperCase() === 'COUNT') + 1])).filter((count) => !(count <= MOST_KEYS_A_CALL))).toEqual([]);
  const unlinked = of('unlink').map(({ given }) => given);
  expect(unlinked.filter((given) => given > MOST_KEYS_A_CALL)).toEqual([]);
  expect(unlinked.reduce((sum, given) => sum + given, 0)).toBe(FITTING);
  const [first, last] = [calls.findIndex(({ name }) => name === 'scan'), calls.findLastIndex(({ name }) => name === 'scan')];
  expect(calls.slice(first, last).filter(({ name }) => name === 'echo').length).toBeGreaterThan(0);
  const left = await cache.getMany(['city:0', `city:${String(FITTING - 1)}`, 'town:0', `town:${String(OTHERS - 1)}`]);
  expect([...left.keys()]).toEqual(['town:0', `town:${String(OTHERS - 1)}`]);
  expect(cache.stats().shared).toMatchObject({ failures: 0, forgotten: 0, unsure: 0 });
});

test('a cache is emptied, and what has a tag is taken out, without a look at its keys', async () => {
  await cache.set('tagged', 1, { tags: ['t'] });
  await asked();
  await cache.deleteByTag('t');
  await cache.clear();
  expect((await asked()).map(({ name }) => name).filter((name) => !['get', 'mget', 'set', 'slowlog', 'info'].includes(name))).toEqual([]);
  expect((await cache.getMany(['tagged', 'town:0'])).size).toBe(0);
});
