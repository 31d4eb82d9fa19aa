import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import type { StorageRungStats } from '@ormolu/storage';
import type { LocalRungStats, MeasuredStats } from '@ormolu/tiers';
import { Client } from 'pg';
import { char, defineModels, integer, many2one, memory, one2many, openOrmolu, pglite, postgres, type DefinitionsOf, type EnvironmentOf, type Ormolu, type OrmoluStats, type Storage, type TransactionRungStats } from '../src/index';
import { heardWarnings } from './support/heard-warnings';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), size: integer(), note: char(), country: many2one('country') },
});
type Env = EnvironmentOf<typeof models>;
type Database = Ormolu<DefinitionsOf<typeof models>>;

let scratch: ScratchDatabase;
beforeAll(async () => {
  scratch = await createDatabase();
});
afterAll(() => scratch.drop());

const IDS = [1, 2, 3];
const names = (env: Env): Promise<readonly string[]> => env.model('city').browse(IDS).load(['name']).then((cities) => cities.mapped('name'));
const local = ({ rungs }: OrmoluStats): LocalRungStats => rungs.find(({ rung }) => rung === 'local') as LocalRungStats; // the local rung says so of itself

const servers: readonly { readonly name: string; readonly open: () => Storage }[] = [
  { name: 'memory', open: () => memory() }, { name: 'PGlite', open: () => pglite() }, { name: 'PostgreSQL', open: () => postgres(scratch.url) },
];

describe.each(servers)('the local cache on $name', ({ name, open }) => {
  let db: Database;
  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
    await db.transaction(async (env) => {
      const country = await env.model('country').create({ name: 'Belgium' });
      await env.model('city').create([{ name: 'Ghent', size: 3, country }, { name: 'Ypres', size: 1, country }, { name: 'Mons', size: 2, country }]);
    });
  });
  afterAll(() => db.close());
  beforeEach(() => {
    db.localCache.invalidate();
  });

  test('what one transaction read, the next has without asking for it', async () => {
    await db.transaction(names);
    const before = db.stats();
    expect(await db.transaction(names)).toEqual(['Ghent', 'Ypres', 'Mons']);
    const after = db.stats();
    expect(local(after).hits - local(before).hits).toBe(3);
    expect(after.rungs.at(-1)?.questions).toBe(before.rungs.at(-1)?.questions);
    expect(db.localCache.stats().records.records).toBe(3);
  });

  test('searches, counts and groups are answered again until something they look at changes', async () => {
    const ask = (env: Env): Promise<unknown> => Promise.all([
      env.model('city').search({ size: { gte: 2 } }, { order: ['name'] }).then(({ ids }) => ids),
      env.model('city').count({ 'country.name': 'Belgium' }),
      env.model('city').readGroup({ by: ['country'], sum: ['size'] }).then((groups) => JSON.stringify(groups.map((group) => group.sum))),
    ]);
    const asked = async (): Promise<number> => {
      const before = db.stats().rungs.at(-1)?.questions ?? 0;
      await db.transaction(ask);
      return (db.stats().rungs.at(-1)?.questions ?? 0) - before;
    };
    expect([await asked(), await asked()]).toEqual([3, 0]);
    await db.transaction(async (env) => (await env.model('city').browse(1).load(['note'])).write({ note: 'a note' }));
    expect(await asked()).toBe(0);
    await db.transaction(async (env) => (await env.model('city').browse(1).load(['size'])).write({ size: 4 }));
    expect([await asked(), await asked()]).toEqual([2, 0]);
    await db.transaction(async (env) => (await env.model('country').browse(1).load(['name'])).write({ name: 'België' }));
    expect(await asked()).toBe(1);
    await db.transaction(async (env) => (await env.model('country').browse(1).load(['name'])).write({ name: 'Belgium' }));
    await db.transaction(async (env) => (await env.model('city').browse(1).load(['size'])).write({ size: 3 }));
    expect(local(db.stats()).models['city']?.queries.misses).toMatchObject({ 'changed between': expect.any(Number) });
  });

  test('a transaction does not take from the cache what it has changed, nor give what is not committed', async () => {
    await db.transaction(names);
    await expect(db.transaction(async (env) => {
      await (await env.model('city').browse(1).load(['name'])).write({ name: 'Gand' });
      await env.flush();
      env.transaction.clear();
      expect(await names(env)).toEqual(['Gand', 'Ypres', 'Mons']);
      throw new Error('taken back');
    })).rejects.toThrow('taken back');
    expect(await db.transaction(names)).toEqual(['Ghent', 'Ypres', 'Mons']);
    expect(local(db.stats()).models['city']?.records.misses).toMatchObject({ 'changed here': expect.any(Number) });
  });

  test('what a transaction wrote, the next has without asking for it, as the database has it', async () => {
    const asked = async <T>(work: (env: Env) => Promise<T>): Promise<{ readonly value: T; readonly questions: number; readonly statements: number }> => {
      const before = db.stats();
      const value = await db.transaction(work);
      const after = db.stats();
      return { value, questions: (after.rungs.at(-1)?.questions ?? 0) - (before.rungs.at(-1)?.questions ?? 0), statements: after.statements - before.statements };
    };
    const id = await db.transaction(async (env) => (await env.model('city').create({ name: 'Bruges', size: 4 })).id);
    const read = (env: Env) => env.model('city').browse(id).load(['name', 'size', 'note', 'country.name']).then((city) => [city.name, city.size, city.note]);
    // BEGIN, poll; COMMIT: on PostgreSQL nothing besides.
    const nothing = { questions: 0, statements: name === 'memory' ? 0 : 3 };
    expect(await asked(read)).toEqual({ value: ['Bruges', 4, null], ...nothing });
    db.localCache.invalidate();
    await db.transaction((env) => env.model('city').browse(id).write({ size: 5 }));
    expect(await asked(read)).toEqual({ value: ['Bruges', 5, null], ...nothing });
    await db.transaction(async (env) => {
      await env.model('city').browse(id).write({ note: 'kept' });
      await expect(env.transaction.savepoint(async () => {
        await env.model('city').browse(id).write({ note: 'taken back' });
        await env.flush();
        throw new Error('taken back');
      })).rejects.toThrow('taken back');
    });
    expect(await asked(read)).toEqual({ value: ['Bruges', 5, 'kept'], ...nothing });
    await db.transaction((env) => env.model('city').browse(id).unlink());
    expect(await asked(async (env) => (await env.model('city').browse(id).read(['name']).catch(() => 'gone')))).toMatchObject({ value: 'gone' });
  });

  test('explain names the rung, the snapshot of the entry and the rows of the log that decided', async () => {
    await db.transaction(names);
    const explained = (id: number) => db.transaction(async (env) => {
      await names(env);
      return env.transaction.explain(env.model('city').browse(id), 'name');
    }, { explain: true });
    const kept = await explained(1);
    expect(kept).toMatchObject({ value: 'Ghent', origin: 'fetched', rung: 'local', entry: { snapshot: expect.stringMatching(/^\d+:\d+:/) } });
    expect(kept.statement).toBeUndefined();
    expect(kept.toString()).toContain(`It was fetched from the rung 'local'.\nIt was kept since the snapshot ${String(kept.entry?.snapshot)}; `);
    // Changed and read again: the change has been seen by both.
    await db.transaction(async (env) => (await env.model('city').browse(2).load(['note'])).write({ note: 'changed' }));
    await db.transaction(names);
    const changed = await explained(2);
    expect(changed.entry?.log.at(-1)).toMatchObject({ model: 'city', fields: ['note'] });
    expect(changed.toString()).toContain(`; changed by ${[...new Set(changed.entry?.log.map(({ xid }) => String(xid)))].join(', ')}, seen by both`);
    // What a commit has left is of that transaction.
    await db.transaction((env) => env.model('city').browse(2).write({ note: null }));
    const left = await explained(2);
    expect(left).toMatchObject({ value: 'Ypres', rung: 'local' });
    expect(left.entry?.snapshot).toMatch(new RegExp(`^\\d+:\\d+:.* and ${String(left.entry?.log.at(-1)?.xid)}$`));
    expect(left.statement).toBeUndefined();
    // Found by a question that was answered before, and from the database itself.
    const found = (note: string) => db.transaction(async (env) => env.transaction.explain((await env.model('city').where({ note }).all()).at(0)!, 'name'), { explain: true });
    await db.transaction((env) => env.model('city').browse(3).write({ note: 'looked for' }));
    const [asked, answered] = [await found('looked for'), await found('looked for')];
    expect([asked.rung, asked.entry, asked.value, answered.rung, answered.statement, answered.value]).toEqual(['storage', undefined, 'Mons', 'local', undefined, 'Mons']);
    expect(answered.entry?.snapshot).toMatch(/^\d+:\d+:/);
  });

  test('every rung tells what it was asked, by model', async () => {
    await db.transaction(names);
    const before = db.stats().rungs;
    await db.transaction(async (env) => {
      await names(env);
      await env.model('country').browse([1, 77]).load(['name']).catch(() => undefined);
    });
    const { rungs } = db.stats();
    expect(rungs.map(({ rung }) => rung)).toEqual(['transaction', 'local', 'storage']);
    const [storage, then] = [rungs.at(-1) as StorageRungStats, before.at(-1) as StorageRungStats]; // the storage rung says so of itself
    expect([storage.models['city'], (storage.models['country']?.records ?? 0) - (then.models['country']?.records ?? 0)]).toEqual([then.models['city'], 2]);
    expect(Object.values(storage.models).reduce((sum, { questions }) => sum + questions, 0)).toBe(storage.questions);
    const figures = rungs.map((rung) => (rung as MeasuredStats).answerTimes);
    expect(figures).toEqual([undefined, expect.objectContaining({ count: expect.any(Number) }), expect.objectContaining({ count: expect.any(Number) })]);
    const own = (of: typeof rungs): TransactionRungStats['models'] => (of[0] as TransactionRungStats).models; // so does the first
    const earlier = own(rungs);
    await db.transaction((env) => env.run(() => [...env.model('city').browse([1, 2])].map((city) => [city.size, city.country?.name])));
    const [city, country] = ['city', 'country'].map((model) => ({ records: (own(db.stats().rungs)[model]?.records ?? 0) - (earlier[model]?.records ?? 0), hits: (own(db.stats().rungs)[model]?.hits ?? 0) - (earlier[model]?.hits ?? 0) }));
    expect([city!.records >= 4, city!.hits < city!.records, country!.records > 0, country!.hits < country!.records, own(db.stats().rungs)['street']]).toEqual([true, true, true, true, undefined]);
  });

  test('how PostgreSQL\'s own buffers did can be seen beside it', async () => {
    const found = await db.bufferHits();
    if (name === 'memory') expect(found).toBeUndefined();
    else expect(found).toMatchObject({ hitRatio: expect.any(Number), hits: expect.any(Number) });
    if (name === 'PostgreSQL') expect(found!.hits).toBeGreaterThan(0);
  });

  test('switched off it keeps nothing, and switched on again it begins with nothing', async () => {
    await db.transaction(names);
    db.localCache.disable();
    await db.transaction(names);
    expect(db.localCache.stats()).toMatchObject({ isEnabled: false, records: { records: 0 } });
    db.localCache.enable();
    expect(db.localCache.stats()).toMatchObject({ isEnabled: true, records: { records: 0 } });
    await db.transaction(names);
    expect(db.localCache.stats().records.records).toBe(3);
    db.localCache.invalidate('city', [1]);
    expect(db.localCache.stats().records.records).toBe(2);
    db.localCache.invalidate('country');
    expect(db.localCache.stats().records.records).toBe(2);
    db.localCache.invalidate('city');
    expect(db.localCache.stats().records.records).toBe(0);
  });
});

describe('a database is opened without it', () => {
  const before = process.env['ORMOLU_LOCAL_CACHE'];
  afterEach(() => {
    if (before === undefined) delete process.env['ORMOLU_LOCAL_CACHE'];
    else process.env['ORMOLU_LOCAL_CACHE'] = before;
  });

  const isOn = async (variable: string | undefined, options: { readonly localCache?: false }): Promise<boolean> => {
    if (variable !== undefined) process.env['ORMOLU_LOCAL_CACHE'] = variable;
    const db = await openOrmolu({ models, storage: memory(), ...options });
    await db.migrate();
    await db.transaction((env) => env.model('country').create({ name: 'Belgium' }));
    const read = (): Promise<unknown> => db.transaction((env) => env.model('country').browse(1).load(['name']));
    db.localCache.invalidate();
    await read();
    await read();
    const { isEnabled } = db.localCache.stats();
    // With it the second reader asks nobody; the first, and without it both, ask the storage.
    expect([local(db.stats()).hits > 0, db.stats().rungs.at(-1)?.questions]).toEqual(isEnabled ? [true, 1] : [false, 2]);
    await db.close();
    return isEnabled;
  };

  test.each(['off', '0', 'false', ' OFF '])('by the environment: %p', async (variable) => {
    expect(await isOn(variable, {})).toBe(false);
  });

  test.each([undefined, '', 'on', '1', 'true'])('by the option alone, as the environment leaves it to that: %p', async (variable) => {
    expect([await isOn(variable, {}), await isOn(variable, { localCache: false })]).toEqual([true, false]);
  });

  test('a variable that says neither is refused', async () => {
    process.env['ORMOLU_LOCAL_CACHE'] = 'no';
    await expect(openOrmolu({ models, storage: memory(), localCache: false })).rejects.toMatchObject({ code: 'DB_VARIABLE_INVALID', message: expect.stringContaining("'no'") as unknown });
  });
});

test('models that cannot be kept are told of once, with what would change that', async () => {
  const warnings = heardWarnings();
  const own = await createDatabase();
  const client = new Client({ connectionString: own.url });
  await client.connect();
  try {
    const opened = async (localCache: undefined | false): Promise<readonly string[]> => {
      const db = await openOrmolu({ models, storage: postgres(own.url), localCache });
      for (const _ of [1, 2]) await db.transaction((env) => env.model('country').search({}).catch(() => undefined)).catch(() => undefined);
      await db.close();
      return warnings.take();
    };
    expect(await opened(undefined)).toEqual([expect.stringMatching(/^DB_UNCACHABLE Nothing is kept in caches.*run db\.migrate\(\)/)]);
    const migrating = await openOrmolu({ models, storage: postgres(own.url) });
    await migrating.migrate();
    await migrating.close();
    expect(await opened(undefined)).toEqual([]);
    await client.query('alter table city set unlogged; alter table country rename to land; create view country as select * from land');
    expect(await opened(undefined)).toEqual([expect.stringMatching(/^DB_UNCACHABLE Model 'country' is not kept .* a view, .* a table would be kept\.$/), expect.stringMatching(/^DB_UNCACHABLE Model 'city' is not kept .* unlogged: .*set logged/)]);
    expect(await opened(false)).toEqual([]);
  } finally {
    warnings.end();
    await client.end();
    await own.drop();
  }
});

test.each([[{ maxEntries: 0 }, 'TIER_BOUNDS'], [{ commands: { maxResult: 0 } }, 'TIER_BOUNDS'], [true, 'DB_OPTION_INVALID']])('an option that means nothing is refused: %j', async (localCache, code) => {
  await expect(openOrmolu({ models, storage: memory(), localCache: localCache as object })).rejects.toMatchObject({ code });
});

describe('beside other programs on PostgreSQL', () => {
  let other: Client;
  let db: Database;
  beforeAll(async () => {
    db = await openOrmolu({ models, storage: postgres(scratch.url) });
    await db.migrate();
    other = new Client({ connectionString: scratch.url });
    await other.connect();
  });
  afterAll(async () => {
    await other.end();
    await db.close();
  });

  test.each(['read committed', 'repeatable read', 'serializable'] as const)('what psql writes is seen by whom the database shows it, at %s', async (isolation) => {
    await other.query("update city set name = 'Ghent' where id = 1");
    await db.transaction(names);
    const seen = await db.transaction(async (env) => {
      const first = await names(env);
      await other.query("update city set name = 'Gand' where id = 1");
      env.transaction.clear();
      return [first[0], (await names(env))[0]];
    }, { isolation });
    expect(seen).toEqual(['Ghent', isolation === 'read committed' ? 'Gand' : 'Ghent']);
    expect((await db.transaction(names))[0]).toBe('Gand');
    await other.query('truncate city');
    expect(await db.transaction(async (env) => (await env.model('city').search({})).ids)).toEqual([]);
    await other.query("insert into city (id, name, size, country) values (1, 'Ghent', 3, 1), (2, 'Ypres', 1, 1), (3, 'Mons', 2, 1)");
    expect(await db.transaction(names)).toEqual(['Ghent', 'Ypres', 'Mons']);
  });

  test('what a trigger of others changes along leaves the transaction\'s own memory, too', async () => {
    await other.query(`create function shout() returns trigger language plpgsql as 'begin update country set name = upper(name) where id = new.country; return null; end';
      create trigger shout after update on city for each row execute function shout()`);
    const again = await openOrmolu({ models, storage: postgres(scratch.url) });
    try {
      const seen = await again.transaction(async (env) => {
        const country = await env.model('country').browse(1).load(['name']);
        const before = country.name;
        await (await env.model('city').browse(1).load(['size'])).write({ size: 7 });
        await env.flush();
        return [before, (await country.load(['name'])).name];
      });
      expect(seen).toEqual(['Belgium', 'BELGIUM']);
    } finally {
      await again.close();
      await other.query("drop function shout() cascade; update country set name = 'Belgium'; update city set size = 3 where id = 1");
    }
  });

  test('the first of a transaction\'s reads carries its look at the log: a warm transaction is one round trip and COMMIT', async () => {
    // What other tests have altered is heard of with the first, and looked at with the second.
    for (let n = 0; n < 2; n += 1) await db.transaction(names);
    const before = db.stats().statements;
    await db.transaction(names);
    // BEGIN, poll; COMMIT.
    expect(db.stats().statements - before).toBe(3);
  });
});
