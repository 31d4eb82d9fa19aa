import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDatabase, sharedCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import type { SharedRungStats } from '@ormolu/tiers';
import { defineModels, char, memory, openOrmolu, type OrmoluStats } from '../src/index';
import { models, openShared, readAll } from './support/shared/models';

const root = join(__dirname, '..', '..', '..');
let scratch: ScratchDatabase;
let server: string;
let prefix: string;

beforeAll(async () => {
  [scratch, server] = await Promise.all([createDatabase(), sharedCacheServer('redis')]);
  const db = await openShared({ url: scratch.url, server, prefix: 'unused' });
  await db.migrate();
  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium', founded: new Date('1830-10-04') });
    const france = await env.model('country').create({ name: 'France' });
    await env.model('city').create([
      { name: 'Ghent', size: 3, wealth: '12.50', tags: { canals: ['Leie'] }, country: belgium }, { name: 'Bruges', size: 2, country: belgium }, { name: 'Lille', size: 2, country: france },
    ]);
  });
  await db.close();
});
afterAll(() => scratch.drop());
let closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing) await one.close();
  closing = [];
});

/** Closes it whatever becomes of the test. */
function closed<T extends { close(): Promise<void> }>(one: T): T {
  closing.push(one);
  return one;
}
const joined = async () => closed(await openShared({ url: scratch.url, server, prefix }));
beforeEach(() => {
  prefix = `s-${randomUUID()}`;
});

const SERIALIZABLE = { isolation: 'serializable', tries: 1 } as const;

interface Told {
  readonly seen: Awaited<ReturnType<typeof readAll>>;
  readonly hits: number;
  readonly reads: number;
}

async function member(): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(__dirname, 'support', 'shared', 'member.ts'), scratch.url, server, prefix]);
  return JSON.parse(stdout) as Told;
}

/** When what was read is on the server. */
const arrived = (db: { warm(queries: []): Promise<unknown> }): Promise<unknown> => db.warm([]);

function sharedOf({ rungs }: OrmoluStats): SharedRungStats {
  return rungs.find(({ rung }) => rung === 'shared') as SharedRungStats; // it says so of itself
}

test('a process that begins finds the shared rung warm, and asks the database for no row', async () => {
  const first = await member();
  expect(first).toMatchObject({ hits: 0, seen: { count: 3, cities: [{ name: 'Bruges', country: 'Belgium' }, { name: 'Ghent', wealth: '12.50', tags: { canals: ['Leie'] }, founded: Date.UTC(1830, 9, 4) }] } });
  expect(first.reads).toBeGreaterThan(0);
  const second = await member();
  expect(second.seen).toEqual(first.seen);
  expect(second.reads).toBe(0);
  expect(second.hits).toBe(3);
});

test('what a commit has left is there for the other process, and what it changed is not taken for true', async () => {
  const [here, there] = [await joined(), await joined()];
  const sizeThere = (): Promise<number | null> => there.transaction(async (env) => (await env.model('city').browse(1).load(['size'])).size);
  await sizeThere();
  await here.transaction((env) => env.model('city').browse(1).write({ size: 30 }));
  // What it does in the background is done then.
  await here.close();
  const before = sharedOf(there.stats()).hits;
  expect(await sizeThere()).toBe(30);
  expect(sharedOf(there.stats()).hits).toBe(before + 1);
  const outside = new Client({ connectionString: scratch.url });
  await outside.connect();
  await outside.query('update city set size = 31 where id = 1');
  await outside.end();
  expect(await sizeThere()).toBe(31);
  expect(sharedOf(there.stats()).models['city']?.records.misses).toMatchObject({ 'changed between': 1 });
  await there.transaction((env) => env.model('city').browse(1).write({ size: 3 }));
});

test.each(['json', 'msgpack', 'v8'] as const)('a serializable transaction may go by answers that were kept as %s: what it is asked again for is the same', async (serializer) => {
  const one = (): ReturnType<typeof openShared> => openShared({ url: scratch.url, server, prefix, serializer });
  const [here, there] = [closed(await one()), closed(await one())];
  const told = await here.transaction(readAll, SERIALIZABLE);
  await arrived(here);
  expect(await there.transaction(readAll, SERIALIZABLE)).toEqual(told);
  expect(sharedOf(there.stats()).hits).toBe(3);
});

test('explain names the cache that answered', async () => {
  const db = await joined();
  await db.transaction(readAll);
  await arrived(db);
  const told = await db.transaction(async (env) => {
    const city = await env.model('city').browse(1).load(['name']);
    return env.transaction.explain(city, 'name');
  }, { explain: true });
  expect(told).toMatchObject({ rung: 'shared', entry: { cache: 'persistent' } });
  expect(told.toString()).toMatch(/kept in the cache 'persistent' since the snapshot/);
});

test('clearing the cache, a tag or a pattern takes out what it keeps of records', async () => {
  const db = await joined();
  const read = (): Promise<unknown> => db.transaction(readAll);
  const hits = async (): Promise<number> => {
    const before = sharedOf(db.stats()).hits;
    await read();
    return sharedOf(db.stats()).hits - before;
  };
  const persistent = db.caches.get('persistent');
  await read();
  await arrived(db);
  expect(await hits()).toBe(3);
  await persistent.deleteByTag('country');
  expect(await hits()).toBe(2);
  await arrived(db);
  await persistent.deleteByPattern('city:*');
  expect(await hits()).toBe(1);
  await persistent.clear();
  expect(await hits()).toBe(0);
});

test('records may be kept in several caches, by model, and in memory alone', async () => {
  const db = closed(await openOrmolu({ models, storage: memory(), localCache: false, caches: { fast: { maxEntries: 100 }, slow: { maxEntries: 100 } }, records: { country: 'fast', '*': 'slow' } }));
  await db.migrate();
  await db.transaction(async (env) => {
    await env.model('city').create({ name: 'Ghent', country: await env.model('country').create({ name: 'Belgium' }) });
  });
  await db.transaction(readAll);
  const before = sharedOf(db.stats());
  expect(await db.transaction(readAll)).toMatchObject({ cities: [{ name: 'Ghent', country: 'Belgium' }] });
  const after = sharedOf(db.stats());
  expect(after.hits - before.hits).toBe(after.records - before.records);
  expect(after.hits).toBeGreaterThan(before.hits);
  expect(db.caches.get('fast').stats().size).toBeGreaterThan(0);
});

test('what cannot be is refused', async () => {
  const open = (records: string): Promise<unknown> => openOrmolu({ models, storage: memory(), caches: { fast: { maxEntries: 1 } }, records: records as 'fast' });
  await expect(open('fats')).rejects.toMatchObject({ code: 'TIER_CACHE_UNKNOWN' });
  // @ts-expect-error a model that does not exist does not compile
  await expect(openOrmolu({ models, storage: memory(), caches: { fast: { maxEntries: 1 } }, records: { town: 'fast' } })).rejects.toMatchObject({ code: 'TIER_RECORDS' });
  await expect(openOrmolu({ models, storage: memory(), caches: { fast: { maxEntries: 1 } }, records: { city: 1 as unknown as 'fast' } })).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
});

test('sensitive fields are on a server only sealed', async () => {
  const secret = defineModels({ person: { name: char(), pin: char({ sensitive: true }) } });
  const records = async (keys?: readonly { readonly id: string; readonly key: Uint8Array }[]): Promise<{ readonly stats: SharedRungStats; readonly size: number }> => {
    const db = closed(await openOrmolu({ models: secret, storage: memory(), localCache: false, caches: { one: { maxEntries: 100, keys } }, records: 'one' }));
    await db.migrate();
    await db.transaction((env) => env.model('person').create({ name: 'Ada', pin: '1234' }));
    for (let turn = 0; turn < 2; turn += 1) {
      await db.transaction(async (env) => {
        expect((await env.model('person').browse(1).load(['name', 'pin'])).pin).toBe('1234');
        expect(await env.model('person').count({ pin: '1234' })).toBe(1);
      });
    }
    return { stats: sharedOf(db.stats()), size: db.caches.get('one').stats().size };
  };
  const open = await records();
  expect(open.stats).toMatchObject({ hits: 0, models: { person: { records: { misses: { sensitive: 2 } }, queries: { asked: 0 } } } });
  const sealed = await records([{ id: 'k', key: new Uint8Array(32).fill(7) }]);
  expect(sealed.stats.models['person']?.records.hits).toBeGreaterThan(0);
  expect(sealed.stats.models['person']?.queries.hits).toBeGreaterThan(0);
});
