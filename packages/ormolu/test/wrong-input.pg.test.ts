import { char, defineModels, integer, many2one, one2many, openOrmolu, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), population: integer(), country: many2one('country', { onDelete: 'restrict' }), twin: many2one('city') },
});

type Definitions = DefinitionsOf<typeof models>;
/** The same environment for callers whom no compiler checks. */
interface UncheckedRecords {
  load(paths: readonly string[]): Promise<unknown>;
  read(fields: readonly string[]): Promise<unknown>;
  mapped(path: string): unknown;
  write(values: object): Promise<void>;
  create(values: object): Promise<unknown>;
  search(filter: object, options?: object): Promise<unknown>;
  count(filter: object): Promise<number>;
}

const unchecked = (records: unknown): UncheckedRecords => records as UncheckedRecords;

/** What a caller gets wrong, and what must come back. */
const mistakes: readonly { what: string; make: (env: EnvironmentOf<Definitions>) => unknown; error: object }[] = [
  {
    what: 'an unknown model',
    make: (env) => (env as unknown as { model(name: string): unknown }).model('citty'),
    error: { code: 'MODEL_UNKNOWN', message: expect.stringContaining("Did you mean 'city'?") },
  },
  {
    what: 'an unknown field to create',
    make: (env) => unchecked(env.model('city')).create({ name: 'Ypres', populaton: 1 }),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'population'?") },
  },
  {
    what: 'an unknown field to write',
    make: (env) => unchecked(env.model('city').browse(1)).write({ nam: 'Gent' }),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'name'?") },
  },
  {
    what: 'an unknown field to read',
    make: (env) => unchecked(env.model('city').browse(1)).read(['nmae']),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'name'?") },
  },
  {
    what: 'a misspelt path to load',
    make: (env) => unchecked(env.model('city').browse(1)).load(['twin.contry.name']),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'country'?") },
  },
  {
    what: 'a misspelt path to follow',
    make: (env) => unchecked(env.model('city').browse(1)).mapped('country.nmae'),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'name'?") },
  },
  {
    what: 'a path behind a field that leads nowhere',
    make: (env) => unchecked(env.model('city').browse(1)).load(['name.length']),
    error: { code: 'PATH_NOT_A_RELATION' },
  },
  {
    what: 'a misspelt path in a filter',
    make: (env) => unchecked(env.model('city')).search({ 'country.nmae': 'Belgium' }),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'name'?") },
  },
  {
    what: 'a misspelt path in an order',
    make: (env) => unchecked(env.model('city')).search({}, { order: ['-populaton'] }),
    error: { code: 'FIELD_UNKNOWN', message: expect.stringContaining("Did you mean 'population'?") },
  },
  {
    what: 'an unknown operator',
    make: (env) => unchecked(env.model('city')).count({ population: { gtee: 1 } }),
    error: { code: 'FILTER_INVALID', message: expect.stringContaining("did you mean 'gte'?") },
  },
  {
    what: 'a value of the wrong type in a filter',
    make: (env) => unchecked(env.model('city')).search({ population: 'many' }),
    error: { code: 'FIELD_VALUE_INVALID' },
  },
  {
    what: 'a value of the wrong type to write',
    make: (env) => unchecked(env.model('city').browse(1)).write({ population: 'many' }),
    error: { code: 'FIELD_VALUE_INVALID', message: expect.not.stringContaining('many') },
  },
  {
    what: 'a value of the wrong type among good ones to create',
    make: (env) => unchecked(env.model('city')).create([{ name: 'Ypres' }, { name: 7 }]),
    error: { code: 'FIELD_VALUE_INVALID' },
  },
  {
    what: 'null in a required field',
    make: (env) => unchecked(env.model('city').browse(1)).write({ name: null }),
    error: { code: 'TX_REQUIRED' },
  },
  {
    what: 'a new record without a required field',
    make: (env) => unchecked(env.model('city')).create({ population: 3 }),
    error: { code: 'TX_REQUIRED' },
  },
  {
    what: 'a record of another model',
    make: (env) => unchecked(env.model('city').browse(1)).write({ country: env.model('city').browse(1) }),
    error: { code: 'TX_WRONG_RECORD' },
  },
  {
    what: 'several records for one',
    make: (env) => unchecked(env.model('city').browse(1)).write({ twin: env.model('city').browse([1, 2]) }),
    error: { code: 'TX_WRONG_RECORD' },
  },
];

onEachStorage('on', ({ open }) => {
  let db: Ormolu<Definitions>;
  let population = 0;

  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
    await db.transaction((env) => env.model('city').create({ name: 'Ghent' }));
  });
  afterAll(() => db.close());

  test.each(mistakes)('$what is a clear error; the transaction goes on, and what was pending is still written', async ({ make, error }) => {
    population += 1;
    await db.transaction(async (env) => {
      const ghent = env.model('city').browse(1);
      ghent.population = population;
      await expect(Promise.resolve().then(() => make(env))).rejects.toMatchObject(error);
      expect(env.transaction.state).toBe('open');
    });
    const rows = await db.transaction((env) => env.model('city').search({}).then((cities) => cities.read(['name', 'population', 'country', 'twin'])));
    expect(rows).toEqual([{ id: 1, name: 'Ghent', population, country: null, twin: null }]);
  });

  test('an error that the work lets through comes out once, and takes what was pending with it', async () => {
    population += 1;
    await db.transaction((env) => {
      env.model('city').browse(1).population = population;
    });
    await expect(db.transaction(async (env) => {
      env.model('city').browse(1).population = -1;
      await unchecked(env.model('city').browse(1)).load(['nmae']);
    })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    expect(await db.transaction((env) => env.model('city').count({ population }))).toBe(1);
  });
});
