import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { char, defineModels, integer, memory, openOrmolu, ormcache, postgres, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({ rate: { name: char({ required: true }), percent: integer() } });
type Env = EnvironmentOf<typeof models>;
type Database = Ormolu<DefinitionsOf<typeof models>>;

let computed: string[] = [];
let gate: Promise<void> | undefined;
let [running, mostAtOnce] = [0, 0];
const rateOf = ormcache(async (env: Env, name: string) => {
  computed.push(name);
  mostAtOnce = Math.max(mostAtOnce, running += 1);
  await gate;
  const [rate] = await env.model('rate').search({ name }).then((rates) => rates.read(['percent']));
  running -= 1;
  return { percent: rate?.percent ?? null, lang: env.lang };
}, { name: 'rateOf', keys: (_, name) => [name], context: ['lang'], group: 'rates', maxEntries: 10 });
const labelOf = ormcache((env: Env, name: string) => rateOf(env, name).then(({ percent }) => `${name} ${String(percent)} %`), { name: 'labelOf', group: 'labels', dependsOn: ['rates'] });

const write = (env: Env, name: string, percent: number): Promise<unknown> => env.model('rate').search({ name }).then((rates) => rates.write({ percent }));
const percentOf = (db: Database, name = 'VAT'): Promise<number | null> => db.transaction((env) => rateOf(env, name)).then(({ percent }) => percent);

onEachStorage('memoised functions on', ({ open }) => {
  let db: Database;
  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
    await db.transaction((env) => env.model('rate').create([{ name: 'VAT', percent: 19 }, { name: 'Toll', percent: 3 }]));
    // A function that was never asked makes sessions look at nothing.
    await percentOf(db);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    await db.transaction((env) => write(env, 'VAT', 19));
    await db.clearCaches('rates');
    computed = [];
  });

  test('computes a result once for each key: arguments, context, and the version of the models', async () => {
    expect([await percentOf(db), await percentOf(db), await percentOf(db, 'Toll')]).toEqual([19, 19, 3]);
    expect(computed).toEqual(['VAT', 'Toll']);
    const french = { context: { lang: 'fr_FR' } };
    expect(await db.transaction((env) => rateOf(env, 'VAT'), french)).toEqual({ percent: 19, lang: 'fr_FR' });
    expect(await db.transaction((env) => rateOf(env, 'VAT'), french)).toEqual({ percent: 19, lang: 'fr_FR' });
    expect(computed).toEqual(['VAT', 'Toll', 'VAT']);
    await db.reload(models.method('rate', { twice: () => 2 }));
    await percentOf(db);
    expect(computed).toHaveLength(4);
    await db.reload(models);
  });

  test('a clear holds for who sees its commit, for its own transaction at once, and not at all when it is rolled back', async () => {
    await percentOf(db);
    await expect(db.transaction(async (env) => {
      await write(env, 'VAT', 20);
      await rateOf.clear(env);
      expect((await rateOf(env, 'VAT')).percent).toBe(20);
      throw new Error('taken back');
    })).rejects.toThrow('taken back');
    expect([await percentOf(db), computed]).toEqual([19, ['VAT', 'VAT']]);
    await db.transaction(async (env) => {
      await write(env, 'VAT', 21);
      await rateOf.clear(env);
    });
    expect([await percentOf(db), await percentOf(db), computed]).toEqual([21, 21, ['VAT', 'VAT', 'VAT']]);
  });

  test('what is computed from values that are assigned and not yet written is kept for nobody', async () => {
    await db.transaction(async (env) => {
      const [id = 0] = (await env.model('rate').search({ name: 'VAT' })).ids;
      const rate = await env.model('rate').browse(id).load(['percent']);
      rate.percent = 7;
      expect((await rateOf(env, 'VAT')).percent).toBe(7);
      rate.percent = 19;
    });
    expect(await percentOf(db)).toBe(19);
  });

  test('a clear of a group clears the groups that depend on it, and not the others', async () => {
    const label = (): Promise<string> => db.transaction((env) => labelOf(env, 'VAT'));
    expect([await label(), await label()]).toEqual(['VAT 19 %', 'VAT 19 %']);
    await db.transaction((env) => write(env, 'VAT', 22));
    await db.clearCaches('labels');
    expect(await label()).toBe('VAT 19 %');
    await db.clearCaches('rates');
    expect(await label()).toBe('VAT 22 %');
    expect(computed).toEqual(['VAT', 'VAT']);
    await db.transaction((env) => write(env, 'VAT', 23));
    await db.clearCaches();
    expect(await label()).toBe('VAT 23 %');
  });

  test('what was computed in a transaction that rolls back, or that has written, is not kept', async () => {
    await expect(db.transaction(async (env) => {
      await rateOf(env, 'VAT');
      await rateOf(env, 'VAT');
      throw new Error('taken back');
    })).rejects.toThrow('taken back');
    expect(computed).toEqual(['VAT']);
    await db.transaction(async (env) => {
      await write(env, 'VAT', 25);
      await env.flush();
      expect((await rateOf(env, 'VAT')).percent).toBe(25);
    });
    expect([await percentOf(db), computed]).toEqual([25, ['VAT', 'VAT', 'VAT']]);
  });

  test('statistics tell of hits, misses and failures', async () => {
    const before = db.stats().ormcaches.find(({ name }) => name === 'rateOf');
    await percentOf(db);
    await percentOf(db);
    const after = db.stats().ormcaches.find(({ name }) => name === 'rateOf');
    expect([(after?.hits ?? 0) - (before?.hits ?? 0), (after?.misses ?? 0) - (before?.misses ?? 0), after?.group]).toEqual([1, 1, 'rates']);
    for (let at = 0; at < 20; at += 1) await percentOf(db, `none ${String(at)}`);
    expect(db.stats().ormcaches.find(({ name }) => name === 'rateOf')?.size).toBe(10);
  });
});

describe('on PostgreSQL', () => {
  let scratch: ScratchDatabase;
  let here: Database;
  let there: Database;
  beforeAll(async () => {
    scratch = await createDatabase();
    [here, there] = [await openOrmolu({ models, storage: postgres(scratch.url) }), await openOrmolu({ models, storage: postgres(scratch.url) })];
    await here.migrate();
    await here.transaction((env) => env.model('rate').create([{ name: 'VAT', percent: 19 }, { name: 'Toll', percent: 3 }]));
    for (const db of [here, there]) await percentOf(db);
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await scratch.drop();
  });
  beforeEach(async () => {
    await here.transaction((env) => write(env, 'VAT', 19));
    await here.clearCaches('rates');
    computed = [];
  });

  test('a clear reaches the other database object with its commit, and an older snapshot goes on with what is right for it', async () => {
    expect([await percentOf(here), await percentOf(there)]).toEqual([19, 19]);
    const older = await there.transaction(async (env) => {
      const first = (await rateOf(env, 'VAT')).percent;
      await here.transaction(async (writing) => {
        await write(writing, 'VAT', 30);
        await rateOf.clear(writing);
      });
      expect([await percentOf(here), await percentOf(there)]).toEqual([30, 30]);
      return [first, (await rateOf(env, 'VAT')).percent];
    });
    expect(older).toEqual([19, 19]);
  });

  test('at READ COMMITTED the next call sees the clears of others, of what the transaction has computed itself, too', async () => {
    const results = await there.transaction(async (env) => {
      const first = (await rateOf(env, 'VAT')).percent;
      const again = (await rateOf(env, 'VAT')).percent;
      await here.transaction(async (writing) => {
        await write(writing, 'VAT', 30);
        await rateOf.clear(writing);
      });
      env.transaction.clear();
      return [first, again, (await rateOf(env, 'VAT')).percent];
    }, { isolation: 'read committed' });
    expect(results).toEqual([19, 19, 30]);
  });

  test('one computation at a time runs for a key; a failure is nobody else\'s', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    mostAtOnce = 0;
    const all = [percentOf(here), percentOf(here), percentOf(here)];
    await until(() => running > 0);
    open();
    // Who comes when one has computed and not yet committed computes again, but never beside another.
    expect([await Promise.all(all), mostAtOnce]).toEqual([[19, 19, 19], 1]);
    let fails = true;
    const failing = ormcache((_env: Env) => (fails ? Promise.reject(new Error('once')) : 7), { name: 'failing' });
    const first = here.transaction((env) => failing(env));
    await expect(first).rejects.toThrow('once');
    fails = false;
    expect(await here.transaction((env) => failing(env))).toBe(7);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test('what cannot work says so', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  const records = ormcache((env: Env) => env.model('rate').browse([1]), { name: 'records' });
  const wrongKey = ormcache((_: Env, key: unknown) => key, { name: 'wrongKey' });
  const cycle: (env: Env) => Promise<number> = ormcache(async (env: Env) => await cycle(env) + 1, { name: 'cycle' });
  await db.transaction(async (env) => {
    await expect(records(env)).rejects.toMatchObject({ code: 'ORMCACHE_VALUE' });
    await expect(wrongKey(env, env.model('rate').browse(1))).rejects.toMatchObject({ code: 'ORMCACHE_KEY' });
    for (const key of [new Set([1]), { in: [new Map([[1, 2]])] }, /a/]) await expect(wrongKey(env, key)).rejects.toMatchObject({ code: 'ORMCACHE_KEY' });
    await expect(wrongKey(env, () => 1)).rejects.toMatchObject({ code: 'ORMCACHE_KEY' });
    await expect(cycle(env)).rejects.toMatchObject({ code: 'ORMCACHE_CYCLE' });
    await expect(rateOf({} as Env, 'VAT')).rejects.toMatchObject({ code: 'ORMCACHE_ENVIRONMENT' });
  });
  expect(() => ormcache(() => 1, { name: '' })).toThrow('no name');
  expect(() => ormcache(() => 1, { name: 'x', maxEntries: 0 })).toThrow('maxEntries');
  await db.close();
});
