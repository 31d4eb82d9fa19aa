import { randomUUID } from 'node:crypto';
import { createDatabase, sharedCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import type { SharedRungStats } from '@ormolu/tiers';
import { char, datetime, decimal, defineModels, integer, json, many2one, openOrmolu, postgres, redis } from '../src/index';
import { openShared, readAll } from './support/shared/models';

let scratch: ScratchDatabase;
let server: string;
let admin: Redis;

beforeAll(async () => {
  [scratch, server] = await Promise.all([createDatabase(), sharedCacheServer('redis')]);
  admin = new Redis(server);
  const db = await openShared({ url: scratch.url, server, prefix: 'unused' });
  await db.migrate();
  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium', founded: new Date('1830-10-04') });
    await env.model('city').create([{ name: 'Ghent', size: 3, wealth: '12.50', tags: { canals: ['Leie'] }, country: belgium }, { name: 'Bruges', size: 2, country: belgium }]);
  });
  await db.close();
});
afterAll(async () => {
  admin.disconnect();
  await scratch.drop();
});

/** Entries of records and answers; the marks of the cache and of its tags stand under other keys. */
async function entries(prefix: string): Promise<ReadonlyMap<string, Buffer>> {
  const keys = (await admin.keys(`${prefix}:persistent:k:*`)).sort();
  const values = await admin.mgetBuffer(...keys);
  return new Map(keys.flatMap((key, at) => (values[at] ? [[key, values[at]] as const] : [])));
}

type Damage = (entry: Buffer, all: readonly Buffer[]) => Buffer;

/** The foreign ones are whole: what tells them from ours is what they say, not a sum. */
const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut off': (entry) => entry.subarray(0, entry.length >> 1),
  'a byte changed': (entry) => {
    const changed = Buffer.from(entry);
    changed[entry.length - 6] = (changed[entry.length - 6] ?? 0) ^ 1;
    return changed;
  },
  'of another program': () => Buffer.from('{"__proto__":{"isAdmin":true}}'),
  'of another key': (entry, all) => all.find((other) => !other.equals(entry)) ?? entry,
};

test.each(Object.entries(DAMAGES))('entries of records %s are misses that are counted, and the database is asked', async (_, damage) => {
  const prefix = `d-${randomUUID()}`;
  const db = await openShared({ url: scratch.url, server, prefix });
  try {
    const truth = await db.transaction(readAll);
    await db.warm([]);
    expect(await db.transaction(readAll)).toEqual(truth);
    const before = await entries(prefix);
    expect(before.size).toBeGreaterThan(3);
    const all = [...before.values()];
    for (const [key, entry] of before) await admin.set(key, damage(entry, all));
    const [was, wasAtServer] = [sharedOf(db.stats()), db.caches.get('persistent').stats().shared?.unreadable ?? 0];
    expect(await db.transaction(readAll)).toEqual(truth);
    const is = sharedOf(db.stats());
    expect(is.hits).toBe(was.hits);
    const unreadable = (stats: SharedRungStats): number => Object.values(stats.models).reduce((sum, { records, queries }) => sum + (records.misses.unreadable ?? 0) + (queries.misses.unreadable ?? 0), 0);
    const atServer = (db.caches.get('persistent').stats().shared?.unreadable ?? 0) - wasAtServer;
    expect(atServer + unreadable(is) - unreadable(was)).toBeGreaterThan(3);
    expect({}).not.toHaveProperty('isAdmin');
    // What was damaged is written anew.
    await db.warm([]);
    await db.transaction(readAll);
    expect(sharedOf(db.stats()).hits).toBeGreaterThan(is.hits);
  } finally {
    await db.close();
  }
});

function sharedOf({ rungs }: ReturnType<Awaited<ReturnType<typeof openShared>>['stats']>): SharedRungStats {
  return rungs.find(({ rung }) => rung === 'shared') as SharedRungStats; // it says so of itself
}

test('entries that another version of the models has left are misses, also where they are put under the keys of this one', async () => {
  const prefix = `d-${randomUUID()}`;
  const [older, newer] = [await openShared({ url: scratch.url, server, prefix }), await openOther(prefix)];
  try {
    const truth = await older.transaction(readAll);
    await older.warm([]);
    const left = await entries(prefix);
    await newer.migrate();
    const seen = await newer.transaction(async (env) => (await env.model('city').browse(1).load(['name', 'size'])).name);
    expect(seen).toBe('Ghent');
    expect(sharedOf(newer.stats()).hits).toBe(0);
    await newer.warm([]);
    const [entry] = left.values();
    const replaced = [...(await entries(prefix)).keys()].filter((key) => !left.has(key));
    expect(replaced.length).toBeGreaterThan(0);
    for (const key of replaced) await admin.set(key, entry ?? Buffer.alloc(0));
    expect(await newer.transaction(async (env) => (await env.model('city').browse(1).load(['name', 'size'])).name)).toBe(truth.cities[1]?.name);
    expect(sharedOf(newer.stats())).toMatchObject({ hits: 0, models: { city: { records: { misses: { unreadable: 1 } } } } });
  } finally {
    await older.close();
    await newer.close();
  }
});

/** The same records, with a column more. */
function openOther(prefix: string) {
  return openOrmolu({
    models: defineModels({ country: { name: char({ required: true }), founded: datetime() }, city: { name: char({ required: true }), mayor: char(), size: integer(), wealth: decimal({ scale: 2 }), tags: json(), country: many2one('country') } }),
    storage: postgres(scratch.url), localCache: false, caches: { persistent: { l2: redis(server), deadline: '10s', prefix, serializer: 'msgpack', ttl: '1h' } }, records: 'persistent',
  });
}
