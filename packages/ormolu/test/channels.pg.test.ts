import { channels } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { memory } from '@ormolu/storage/memory';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import type { Transaction } from '@ormolu/transaction';
import { openOrmolu, type Storage } from '../src/index';

const models = defineModels({
  country: { name: char(), cities: one2many('city', 'country'), size: integer({ store: true }) },
  city: { name: char(), people: integer(), country: many2one('country'), label: char({ store: true }), both: char({ store: true, readonly: false }), loose: char() },
})
  .computeBatch('country', ['size'], ['cities.people'], (countries) => {
    for (const country of countries) country.size = [...country.cities].reduce((sum, city) => sum + (city.people ?? 0), 0);
  })
  .compute('city', 'label', ['name', 'country.name'], (city) => `${city.name ?? ''}, ${city.country?.name ?? ''}`)
  .compute('city', 'both', ['label'], (city) => city.label)
  .compute('city', 'loose', ['people'], (city) => String(city.people));

let database: ScratchDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

type Name = keyof typeof channels;
/** Of each channel how often somebody asked whether anybody listens, and how often an event was given to it. */
type Figures = Readonly<Record<Name, { asked: number; published: number }>>;

/** Counts at every channel while some work runs. @param listens - whether there is somebody, as far as the channels say */
async function figuresOf(listens: boolean, work: () => Promise<void>): Promise<Figures> {
  const names = Object.keys(channels) as Name[]; // its type says so
  const figures = Object.fromEntries(names.map((name) => [name, { asked: 0, published: 0 }])) as Figures;
  for (const name of names) {
    Object.defineProperties(channels[name], {
      hasSubscribers: { configurable: true, get: () => { figures[name].asked += 1; return listens; } },
      publish: { configurable: true, value: () => { figures[name].published += 1; } },
    });
  }
  try {
    await work();
  } finally {
    // What the prototype says holds again.
    for (const name of names) for (const own of ['hasSubscribers', 'publish']) Reflect.deleteProperty(channels[name], own);
  }
  return figures;
}

const storages: readonly { name: string; open: () => Storage }[] = [
  { name: 'memory', open: () => memory() },
  { name: 'PostgreSQL', open: () => postgres(database.url) },
];

describe.each(storages)('on $name', ({ name: storage, open }) => {
  let db: Awaited<ReturnType<typeof openModels>>;
  const openModels = () => openOrmolu({ models, storage: open() });

  beforeEach(async () => {
    db = await openModels();
    await db.migrate();
  });
  afterEach(() => db.close());

  /** A unit of work that does, with some number of cities, everything that is told of. */
  async function everything(count: number): Promise<void> {
    const { ids } = await db.transaction(async (env) => {
      const country = await env.model('country').create({ name: 'B' });
      return env.model('city').create(Array.from({ length: count }, (_, n) => ({ name: `c${String(n)}`, people: n + 10, country })));
    });
    const failed = db.transaction(async (env) => {
      // The engine's own face, which the types of the environment do not show.
      const tx = (env as unknown as { readonly transaction: Transaction }).transaction;
      const cities = env.model('city').browse(ids);
      await env.run(() => [...cities].map((city) => [city.label, city.country?.size, city.loose]));
      await cities.write({ name: 'other', people: 3 });
      await cities.load(['label', 'loose', 'both']);
      await tx.savepoint(() => cities.write({ people: 4 }));
      await tx.savepoint(async () => {
        await cities.write({ name: 'gone' });
        await tx.flush();
        throw new Error('back');
      }).catch(() => undefined);
      await tx.flush();
      await tx.reset();
      await cities.load(['label']);
      throw new Error('end');
    });
    await expect(failed).rejects.toThrow('end');
  }

  test('law: where nobody listens no event is published and no time is taken, however much happens, and what it costs is a question a batch', async () => {
    // The clock is looked at by others, too.
    let looks = 0;
    const real = performance.now.bind(performance);
    const now = jest.spyOn(performance, 'now').mockImplementation(() => {
      if (new Error().stack?.includes('sql-transaction') === true) looks += 1;
      return real();
    });
    try {
      const told = await figuresOf(true, () => everything(3));
      const timed = looks;
      looks = 0;
      const few = await figuresOf(false, () => everything(3));
      const many = await figuresOf(false, () => everything(200));
      for (const name of Object.keys(told) as Name[]) {
        // Everything is told of when somebody listens, and each event was asked for before it was made.
        expect([name, told[name].published > 0, told[name].asked >= told[name].published || name === 'statement']).toEqual([name, true, true]);
        expect([name, few[name].published, many[name].published]).toEqual([name, 0, 0]);
        expect([name, few[name].asked > 0]).toEqual([name, true]);
        expect([name, many[name].asked]).toEqual([name, few[name].asked]);
      }
      expect([timed > 0, looks]).toEqual([storage === 'PostgreSQL', 0]);
    } finally {
      now.mockRestore();
    }
  });
});
