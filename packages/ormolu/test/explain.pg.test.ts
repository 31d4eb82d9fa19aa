import { char, defineModels, integer, many2one, memory, NotSingletonError, one2many, openOrmolu, pglite, type DefinitionsOf, type Ormolu, type Storage } from '../src/index';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), cityCount: integer(), motto: char({ translate: true }) },
  city: { name: char({ required: true }), country: many2one('country'), displayName: char({ store: true }) },
})
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? '-'}`)
  .compute('country', 'cityCount', ['cities'], (country) => country.cities.length);

const storages: readonly { name: string; open: () => Storage; statement: RegExp }[] = [
  { name: 'memory', open: () => memory(), statement: /^read/ },
  { name: 'PGlite', open: () => pglite(), statement: /^SELECT .*"city"/is },
];

describe.each(storages)('what a transaction on $name explains', ({ open, statement }) => {
  let db: Ormolu<DefinitionsOf<typeof models>>;
  const explaining = { explain: true };

  beforeAll(async () => {
    // What earlier tests read would be answered without a statement.
    db = await openOrmolu({ models, storage: open(), localCache: false });
    await db.migrate();
    await db.transaction(async (env) => {
      const country = await env.model('country').create({ name: 'Belgium', motto: 'Unity' });
      await env.model('city').create([{ name: 'Ghent', country }, { name: 'Ypres', country }]);
    });
  });
  afterAll(() => db.close());

  test('a fetched value: which rung, which statement', async () => {
    const found = await db.transaction(async (env) => {
      const city = env.model('city').browse(1);
      await city.load(['name']);
      return env.transaction.explain(city, 'name');
    }, explaining);
    expect(found).toMatchObject({ model: 'city', id: 1, field: 'name', value: 'Ghent', state: 'as stored', origin: 'fetched', rung: 'storage', causes: [], isStored: true, depends: undefined, isRecorded: true });
    expect(found.statement).toMatch(statement);
    expect(found.toString()).toContain(`city(1).name is 'Ghent': as stored.\nIt was fetched from the rung 'storage' with: ${String(found.statement)}`);
  });

  test('a computed value of a new record: what it was computed from, which was given', async () => {
    await db.transaction(async (env) => {
      const [city] = await env.model('city').create([{ name: 'Lyon', country: 1 }, { name: 'Nice' }]);
      const causes = [{ model: 'city', field: 'name', ids: [city?.id], origin: 'created' }, { model: 'city', field: 'country', ids: [city?.id], origin: 'created' }];
      if (!city) throw new Error('it was created');
      expect(env.transaction.explain(city, 'displayName')).toMatchObject({ state: 'to be computed', causes });
      await env.flush();
      expect(env.transaction.explain(city, 'displayName')).toMatchObject({ value: 'Lyon, Belgium', origin: 'computed', causes });
      expect(env.transaction.explain(city, 'displayName').toString()).toContain(`It follows city(${String(city.id)}).name, which was created.`);
      await env.model('city').browse([city.id, Number(city.id) + 1]).unlink();
    }, explaining);
  });

  test('two loads at the same time do not take each other\'s statements', async () => {
    await Promise.all([1, 2].map((id) => db.transaction(async (env) => {
      const city = env.model('city').browse(id);
      const country = env.model('country').browse(1);
      await Promise.all([city.load(['name']), country.load(['name'])]);
      expect(env.transaction.explain(city, 'name').statement).toMatch(statement);
      expect(env.transaction.explain(country, 'name').statement).toMatch(new RegExp(statement.source.replace('city', 'country'), 'i'));
    }, { ...explaining, readOnly: true })));
  });

  test('a written value, until it is flushed and after', async () => {
    await db.transaction(async (env) => {
      const city = env.model('city').browse(1);
      await city.load(['name']);
      city.name = 'Gand';
      expect(env.transaction.explain(city, 'name')).toMatchObject({ value: 'Gand', state: 'to be written', origin: 'assigned', history: ['fetched', 'assigned'] });
      expect(env.transaction.explain(city, 'name').statement).toBeUndefined();
      city.name = 'Ghent';
      await env.flush();
      expect(env.transaction.explain(city, 'name')).toMatchObject({ value: 'Ghent', state: 'as stored', origin: 'assigned' });
    }, explaining);
  });

  test('a value computed across a relation names the write that had it computed', async () => {
    await db.transaction(async (env) => {
      const city = env.model('city').browse(1);
      const country = env.model('country').browse(1);
      await city.load(['displayName', 'name', 'country.name']);
      country.name = 'België';
      expect(env.transaction.explain(city, 'displayName')).toMatchObject({ value: 'Ghent, Belgium', pendingTriggers: ['country.name'], origin: 'fetched' });
      expect(env.transaction.explain(env.model('city').browse(1), 'name').pendingTriggers).toEqual([]);
      expect(city.displayName).toBe('Ghent, België');
      const found = env.transaction.explain(city, 'displayName');
      expect(found).toMatchObject({
        value: 'Ghent, België', state: 'to be written', origin: 'computed', causes: [{ model: 'country', field: 'name', ids: [1], origin: 'assigned' }],
        depends: ['name', 'country.name'], pendingTriggers: [],
      });
      expect(found.toString()).toContain('It was computed.\nIt follows country(1).name, which was assigned.');
      city.name = 'Gand';
      expect(env.transaction.explain(city, 'displayName')).toMatchObject({ state: 'to be computed', causes: [{ model: 'city', field: 'name', ids: [1], origin: 'assigned' }] });
      city.name = 'Ghent';
      country.name = 'Belgium';
    }, explaining);
  });

  test('a write in env.run is told once, however often the function ran', async () => {
    await db.transaction(async (env) => {
      const country = env.model('country').browse(1);
      const city = env.model('city').browse(1);
      await env.run(() => {
        city.name = 'Gent';
        return country.name;
      });
      expect(env.transaction.explain(city, 'name').history.filter((what) => what === 'assigned')).toEqual(['assigned']);
      city.name = 'Ghent';
    }, explaining);
  });

  test('a savepoint\'s rollback brings a value back, and what led to the other is gone', async () => {
    await db.transaction(async (env) => {
      const city = env.model('city').browse(1);
      await city.load(['name', 'displayName', 'country.name']);
      const savepoint = await env.transaction.savepoint();
      city.name = 'Gand';
      await env.flush();
      await savepoint.rollback();
      const found = env.transaction.explain(city, 'name');
      expect(found).toMatchObject({ value: 'Ghent', state: 'as stored', origin: 'restored', history: ['fetched', 'restored'], rung: 'storage' });
      expect(found.toString()).toContain("A rollback brought it back; before, it was fetched from the rung 'storage'");
      expect(env.transaction.explain(city, 'displayName')).toMatchObject({ value: 'Ghent, Belgium', origin: 'restored', causes: [] });
    }, explaining);
  });

  test('a value that is not stored, and a list that follows the other side', async () => {
    await db.transaction(async (env) => {
      const country = env.model('country').browse(1);
      expect(env.transaction.explain(country, 'cityCount')).toMatchObject({ value: undefined, state: 'not in memory', origin: undefined });
      await country.load(['cityCount']);
      expect(env.transaction.explain(country, 'cityCount')).toMatchObject({ value: 2, state: 'in memory only', origin: 'computed', isStored: false, depends: ['cities'], causes: [] });
      expect(env.transaction.explain(country, 'cities')).toMatchObject({ value: [1, 2], origin: 'fetched', rung: 'storage' });
      const city = env.model('city').browse(2);
      await city.load(['country']);
      city.country = null;
      expect(env.transaction.explain(country, 'cities')).toMatchObject({ value: [1], origin: 'followed' });
      expect(country.cityCount).toBe(1);
      expect(env.transaction.explain(country, 'cityCount').causes).toEqual([{ model: 'city', field: 'country', ids: [2], origin: 'assigned' }]);
      city.country = country;
    }, explaining);
  });

  test('what was created, and of a translated field only the language that is asked for', async () => {
    await db.transaction(async (env) => {
      const { id } = await env.model('city').create({ name: 'Bruges' });
      expect(env.transaction.explain(env.model('city').browse(id), 'name')).toMatchObject({ origin: 'created', state: 'as stored' });
      await env.model('city').browse(id).unlink();
      const country = env.model('country').browse(1);
      await country.load(['motto']);
      const french = env.withContext({ lang: 'fr_FR' }).model('country').browse(1);
      await french.load(['motto']);
      french.motto = 'Union';
      expect(env.transaction.explain(french, 'motto')).toMatchObject({ value: 'Union', origin: 'assigned' });
      expect(env.transaction.explain(country, 'motto')).toMatchObject({ value: 'Unity', origin: 'fetched' });
    }, explaining);
  });

  test('without the option memory alone answers, and says so', async () => {
    await db.transaction(async (env) => {
      const city = env.model('city').browse(1);
      await city.load(['name']);
      city.name = 'Gand';
      const found = env.transaction.explain(city, 'displayName');
      expect(env.transaction.explain(city, 'name')).toMatchObject({ value: 'Gand', state: 'to be written', origin: undefined, history: [], isRecorded: false, prefetched: 1, registryVersion: db.registry.version });
      expect(found.toString()).toContain('not opened with { explain: true }');
      env.transaction.protecting(['displayName'], city, () => {
        expect(env.transaction.explain(city, 'displayName').isProtected).toBe(true);
      });
      expect(env.transaction.cache.stats().models['city']?.fields['name']).toMatchObject({ values: 1, dirty: 1 });
      city.name = 'Ghent';
    });
  });

  test('wrong calls say what is wrong', async () => {
    await db.transaction((env) => {
      const cities = env.model('city').browse([1, 2]);
      // @ts-expect-error there is no such field
      expect(() => env.transaction.explain(cities, 'nmae')).toThrow(/nmae.*Did you mean 'name'/);
      expect(() => env.transaction.explain(cities, 'name')).toThrow(NotSingletonError);
      // @ts-expect-error an id is no record
      expect(() => env.transaction.explain(1, 'name')).toThrow('Give a record of this transaction');
    });
    await expect(db.transaction(() => undefined, { explain: 1 as never })).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
  });
});
