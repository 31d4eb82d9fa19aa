import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { char, defineModels, integer, many2one, memory, one2many, openOrmolu, pglite, related, type DefinitionsOf, type Ormolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  country: { name: char({ required: true }), code: char({ unique: true, size: 2 }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), population: integer(), country: many2one('country', { onDelete: 'restrict' }), displayName: char({ store: true }) },
}).compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? '-'}`);

type Database = Ormolu<DefinitionsOf<typeof models>>;

onEachStorage('a database on', ({ open }) => {
  let db: Database;

  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
    await db.transaction(async (env) => {
      const belgium = await env.model('country').create({ name: 'Belgium', code: 'BE' });
      await env.model('city').create([{ name: 'Ghent', population: 265_000, country: belgium }, { name: 'Ypres', population: 35_000, country: belgium }]);
    });
  });
  afterAll(() => db.close());

  const names = (): Promise<readonly (string | null)[]> => db.transaction(async (env) => {
    const cities = await env.model('city').search({}, { order: ['name'] });
    return env.run(() => cities.mapped('displayName'));
  });

  test('migrating again does nothing', async () => {
    expect((await db.migrate()).statements).toEqual([]);
  });

  test('what one transaction committed, the next one reads, computed values included', async () => {
    expect(await names()).toEqual(['Ghent, Belgium', 'Ypres, Belgium']);
  });

  test('reload gives later transactions another version of the models, and running ones when they reset', async () => {
    const base = await openOrmolu({ models, storage: memory() });
    await base.migrate();
    const wider = models.extend({ city: { mayor: char() } });
    await base.transaction(async (env) => {
      await env.model('city').create({ name: 'Ghent' });
      const reloaded = await base.reload(wider);
      await reloaded.migrate();
      expect('mayor' in env.model('city').browse(1)).toBe(false);
      await env.flush();
      await env.transaction.reset();
      expect('mayor' in env.model('city').browse(1)).toBe(true);
    });
    const reloaded = await base.reload(wider);
    await reloaded.transaction(async (env) => {
      const city = await env.model('city').search({ name: 'Ghent' });
      await city.write({ mayor: 'Daniel' });
      expect(await env.run(() => city.mapped('mayor'))).toEqual(['Daniel']);
    });
    await expect(base.reload(models.extend({ city: { broken: related('nowhere.name') } }))).rejects.toMatchObject({ code: 'REGISTRY_SETUP_FAILED' });
    expect(base.registry).toBe(wider.registry());
    await base.close();
  });

  test('work that throws is rolled back whole, and its error comes out as it is', async () => {
    const error = new Error('mine');
    await expect(db.transaction(async (env) => {
      const [country] = await env.model('country').search({ code: 'BE' });
      await country?.write({ name: 'gone' });
      await env.flush();
      throw error;
    })).rejects.toBe(error);
    expect(await names()).toEqual(['Ghent, Belgium', 'Ypres, Belgium']);
  });

  test('a row that the database refuses inside a savepoint is an error with model and field, and nothing else is lost', async () => {
    await db.transaction(async (env) => {
      const ypres = (await env.model('city').search({ name: 'Ypres' })).ensureOne();
      await ypres.load(['population']);
      ypres.population = 36_000;
      const attempt = env.transaction.savepoint(() => env.model('country').create({ name: 'Again', code: 'BE' }));
      await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNIQUE', details: { model: 'country' } });
    });
    expect(await db.transaction((env) => env.model('city').count({ population: 36_000 }))).toBe(1);
  });

  test('the figures of every rung are there, from the top', async () => {
    db.localCache.invalidate();
    const before = db.stats();
    await names();
    const after = db.stats();
    expect(after.rungs.map(({ rung }) => rung)).toEqual(['transaction', 'local', 'storage']);
    expect(after.transactions).toBe(before.transactions + 1);
    expect((after.rungs[2]?.questions ?? 0) - (before.rungs[2]?.questions ?? 0)).toBe(2);
    expect(after.statements).toBeGreaterThan(before.statements);
  });

  test('a read-only transaction writes nothing', async () => {
    await expect(db.transaction((env) => env.model('country').create({ name: 'New' }), { readOnly: true })).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' });
  });
});

test('an option that nobody would read is refused with the nearest name', async () => {
  const options = { models, storage: memory(), localCahce: false };
  await expect(openOrmolu(options)).rejects.toMatchObject({ code: 'DB_OPTION_UNKNOWN' });
  const db = await openOrmolu({ models, storage: memory() });
  const misspelt = { isolaton: 'serializable' };
  await expect(db.transaction(() => 1, misspelt as object)).rejects.toThrow("Did you mean 'isolation'?");
  await db.close();
});

test('a closed database says so', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  await db.close();
  await db.close();
  await expect(db.transaction(() => 1)).rejects.toMatchObject({ code: 'DB_CLOSED' });
  await expect(db.migrate()).rejects.toThrow(/closed database/);
});

test('on the one connection of PGlite a transaction inside another is refused, one beside it waits', async () => {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();
  await expect(db.transaction(() => db.transaction(() => 1))).rejects.toMatchObject({ code: 'STORAGE_SESSION_NESTED' });
  expect(await Promise.all([db.transaction((env) => env.model('city').count()), db.transaction((env) => env.model('city').count())])).toEqual([0, 0]);
  await db.close();
});

test('importing ormolu loads no driver', () => {
  const root = join(__dirname, '..', '..', '..');
  const code = "require('ormolu'); const loaded = Object.keys(require.cache).filter((file) => /node_modules.(pg|@electric-sql)/.test(file)); process.stdout.write(JSON.stringify(loaded))";
  const { stdout, status } = spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), '-e', code], { cwd: join(root, 'examples'), encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '[]']);
});
