import {
  boolean, char, defineModels, extension, float, integer, many2many, many2one, memory, NotSingletonError, one2many, openOrmolu, related, text,
} from '../src/index';

// Every name that programs rely on, used once as they would: what is renamed or left out does not compile here, or fails.
const models = defineModels({
  'res.country': { name: char({ required: true }), code: char({ size: 2 }), cities: one2many('res.city', 'country'), cityCount: integer({ store: true }) },
  'res.city': {
    name: char({ required: true, index: true }), population: integer(), country: many2one('res.country', { onDelete: 'restrict' }), tags: many2many('res.tag'),
    displayName: char({ store: true }), note: text({ groups: ['staff'] }), price: float({ companyDependent: true }), slogan: char({ translate: true }),
    countryName: related('country.name'),
  },
  'res.tag': { name: char() },
})
  .compute('res.city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? ''}`)
  .computeBatch('res.country', ['cityCount'], ['cities'], (countries) => {
    for (const country of countries) country.cityCount = country.cities.length;
  })
  .inverse('res.city', 'displayName', (city) => {
    city.name = city.displayName?.split(',')[0] ?? '';
  })
  .search('res.city', 'displayName', (operator, value) => ({ name: { [operator]: value } }))
  .method('res.city', {
    async grow(cities, by: number) {
      await cities.load(['population']);
      for (const city of cities) city.population = (city.population ?? 0) + by;
    },
  })
  .extend({ 'res.city': { mayor: char() } });
const elections = extension('elections', models, (m) => m.extend({ 'res.city': { elected: boolean({ default: false }) } }));
const mayors = extension('mayors', models, (m) => m.extend({ 'res.country': { president: char() } }));
const all = models.with(elections, mayors);

const db = openOrmolu({ models: all, storage: memory(), caches: { fast: { policy: 's3fifo', maxEntries: 10 } } });

beforeAll(async () => {
  await (await db).migrate();
});
afterAll(async () => (await db).close());

function inWork(name: string, work: Parameters<Awaited<typeof db>['transaction']>[0]): void {
  test(name, async () => {
    await (await db).transaction(async (env) => {
      const belgium = await env.model('res.country').create({ name: 'Belgium', code: 'BE' });
      const tags = await env.model('res.tag').create([{ name: 'old' }, { name: 'port' }]);
      await env.model('res.city').create([{ name: 'Ghent', country: belgium, population: 5, tags: tags.ids }, { name: 'Bruges', country: belgium, tags: [{ create: { name: 'canals' } }] }]);
      await work(env);
      throw new Enough();
    }).catch((error: unknown) => {
      if (!(error instanceof Enough)) throw error;
    });
  });
}

/** Ends a test's transaction with a rollback. */
class Enough extends Error {}

inWork('records are asked for, read, walked and grouped', async (env) => {
  const cities = await env.model('res.city').search(
    { population: { gte: 1 }, 'country.code': { in: ['BE', 'FR'] }, or: [{ name: { like: 'G%' } }], not: { name: 'x' } }, { order: ['country.name', '-population'], limit: 5 },
  );
  expect(await env.run(() => [...cities].map((city) => [city.displayName, city.tags.mapped('name'), city.countryName]))).toEqual([['Ghent, Belgium', ['old', 'port'], 'Belgium']]);
  const query = env.model('res.city').where({ displayName: { ne: 'x' } }).orderBy('name').limit(3).offset(0).prefetch('country.name');
  expect([(await query.all()).length, (await query.first())?.name, (await query.ids()).length, await query.count()]).toEqual([2, 'Bruges', 2, 2]);
  expect(await env.run(() => Array.from(query, (city) => city.name))).toEqual(['Bruges', 'Ghent']);
  const [group] = await env.model('res.city').readGroup({ by: ['country'], sum: ['population'], count: true });
  expect(group).toMatchObject({ count: 2, sum: { population: 5 } });
  const every = await query.all();
  expect(() => (every as unknown as { name: string }).name).toThrow(NotSingletonError);
  expect(every.sorted((city) => city.population, 'desc').filtered((city) => city.population !== null).at(0)?.name).toBe('Ghent');
  expect([...every.grouped((city) => city.country?.name).keys()]).toEqual(['Belgium']);
  expect(every.union(cities).intersect(cities).subtract(cities)).toHaveLength(0);
  expect((await cities.read(['name', 'country', 'tags']))[0]).toMatchObject({ name: 'Ghent', tags: [expect.any(Number), expect.any(Number)] });
});

inWork('records are written, copied, drafted, saved and removed', async (env) => {
  const [ghent] = await env.model('res.city').search({ name: 'Ghent' });
  if (!ghent) throw new Error('nothing was found');
  await ghent.grow(3);
  expect(ghent.population).toBe(8);
  await ghent.load(['displayName', 'country.name']);
  ghent.displayName = 'Gand, x';
  expect(ghent.name).toBe('Gand');
  await ghent.write({ tags: [{ clear: true }, { create: { name: 'new' } }] });
  expect(await env.run(() => ghent.tags.mapped('name'))).toEqual(['new']);
  const draft = env.model('res.city').new({ name: 'Ypres', country: ghent.country });
  expect(await env.run(() => draft.displayName)).toBe('Ypres, Belgium');
  const saved = await draft.save();
  const copy = await saved.copy({ name: 'Ieper' });
  expect(await env.run(() => copy.ensureOne().displayName)).toBe('Ieper, Belgium');
  await saved.union(copy).unlink();
  expect(await saved.exists()).toHaveLength(0);
});

inWork('a transaction shows what it holds, and takes back what a savepoint did', async (env) => {
  const tx = env.transaction;
  const [ghent] = await env.model('res.city').search({ name: 'Ghent' });
  if (!ghent) throw new Error('nothing was found');
  await ghent.load(['name']);
  for (const hooks of [tx.precommit, tx.postcommit, tx.prerollback, tx.postrollback]) hooks.add(() => undefined);
  await expect(tx.savepoint(async () => {
    ghent.name = 'undone';
    await tx.flush();
    throw new Error('on purpose');
  })).rejects.toThrow('on purpose');
  expect(ghent.name).toBe('Ghent');
  {
    await using savepoint = await tx.savepoint();
    ghent.name = 'kept';
    await savepoint.release();
  }
  expect(ghent.name).toBe('kept');
  ghent.name = 'later';
  expect([ghent.name, tx.state, [...tx.envs].length > 0, tx.registry.field('res.city', 'name').name]).toEqual(['later', 'open', true, 'name']);
  expect(tx.towrite.get('res.city')?.get(ghent.id)?.get('name')).toBe('later');
  expect([tx.tocompute, tx.protected, tx.cache.stats().dirty > 0]).toEqual([expect.anything(), expect.anything(), true]);
  expect(String(tx.explain(ghent, 'name'))).toContain('res.city');
  expect([env.uid, env.su, env.companyId, env.withContext({ lang: 'nl' }).lang, env.withContext({ lang: 'nl' }) === env.withContext({ lang: 'nl' })]).toEqual([null, true, null, 'nl', true]);
  ghent.modified(['name']);
  await ghent.recompute(['displayName']);
  await ghent.flush(['name']);
  ghent.invalidate(['name']);
  expect((await env.readStored('res.city', ghent.ids, ['name'])).columns).toEqual([['later']]);
  await tx.reset();
  tx.clear();
});
