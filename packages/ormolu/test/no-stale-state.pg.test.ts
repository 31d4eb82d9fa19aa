import { Client } from 'pg';
import { char, ConcurrentModificationError, defineModels, integer, many2one, one2many, openOrmolu, type DefinitionsOf, type Ormolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

// The places where other ORMs show state that is no longer true, or lose a write, as facts about ours.

const models = defineModels({
  country: { name: char(), cities: one2many('city', 'country'), largest: integer({ store: true }) },
  city: { name: char(), population: integer(), country: many2one('country', { onDelete: 'cascade' }), twin: many2one('city'), label: char({ store: true }) },
})
  .compute('city', 'label', ['name', 'country.name'], (city) => `${city.name ?? ''}, ${city.country?.name ?? '-'}`)
  .compute('country', 'largest', ['cities.population'], (country) => Math.max(0, ...country.cities.mapped('population').map((size) => size ?? 0)))
  .options('city', { versioned: true });

type Database = Ormolu<DefinitionsOf<typeof models>>;

class Boom extends Error {}

onEachStorage('on', ({ name, open, url }) => {
  let db: Database;
  let country: number;
  let city: number;
  let other: number;

  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
  });
  beforeEach(() => db.transaction(async (env) => {
    await (await env.model('country').search({})).unlink();
    const made = await env.model('country').create({ name: 'Belgium' });
    const cities = await env.model('city').create([{ name: 'Ghent', population: 1, country: made }, { name: 'Ypres', population: 2, country: made }]);
    [country, city, other] = [made.id, cities.at(0)!.id, cities.at(1)!.id]; // integer ids
  }));
  afterAll(() => db.close());

  /** What is committed: asked in a transaction of its own. */
  const stored = (field: 'name' | 'population' | 'label', id = city): Promise<unknown> => db.transaction(async (env) => (await env.model('city').browse(id).load([field])).mapped(field)[0]);

  test('P1 a transaction rolled back leaves nothing: its records refuse to answer, the next ones show what is stored', async () => {
    let escaped: { readonly population: number | null } | undefined;
    await expect(db.transaction(async (env) => {
      const record = await env.model('city').browse(city).load(['population']);
      record.population = 111;
      await env.flush();
      escaped = record;
      throw new Boom();
    })).rejects.toThrow(Boom);
    expect(() => escaped?.population).toThrow(expect.objectContaining({ code: 'TX_STATE' }) as Error);
    expect(await stored('population')).toBe(1);
  });

  test('P1s after a rollback to a savepoint memory is what the database is, for written, computed and fetched values', () => db.transaction(async (env) => {
    const record = await env.model('city').browse(city).load(['population', 'label', 'country.largest']);
    for (const flush of [true, false]) {
      await expect(env.transaction.savepoint(async () => {
        await record.write({ population: 111, name: 'Gent' });
        if (flush) await env.flush();
        expect([record.population, await env.run(() => record.label), await env.run(() => record.country?.largest)]).toEqual([111, 'Gent, Belgium', 111]);
        throw new Boom();
      }, { flush })).rejects.toThrow(Boom);
      expect([record.population, record.label, record.country?.largest]).toEqual([1, 'Ghent, Belgium', 2]);
      await expect(env.transaction.cache.check(env as never)).resolves.toBeUndefined();
    }
  }));

  test('P2 the same assignment after a rollback is written', async () => {
    await db.transaction(async (env) => {
      const record = await env.model('city').browse(city).load(['population']);
      await expect(env.transaction.savepoint(async () => {
        record.population = 111;
        await env.flush();
        throw new Boom();
      })).rejects.toThrow(Boom);
      record.population = 111;
    });
    expect(await stored('population')).toBe(111);
    await expect(db.transaction(async (env) => {
      await env.model('city').browse(city).write({ population: 112 });
      await env.flush();
      throw new Boom();
    })).rejects.toThrow(Boom);
    await db.transaction((env) => env.model('city').browse(city).write({ population: 112 }));
    expect(await stored('population')).toBe(112);
  });

  test('P3 a bulk write is seen by records loaded before, and by what is computed from them', () => db.transaction(async (env) => {
    const record = await env.model('city').browse(city).load(['population', 'country.largest']);
    await (await env.model('city').search({ country })).write({ population: 222 });
    expect([record.population, await env.run(() => record.country?.largest)]).toEqual([222, 222]);
    await env.flush();
    expect([record.population, await env.run(() => record.country?.largest)]).toEqual([222, 222]);
  }));

  test('P3r what a statement of one\'s own has changed is seen too', async () => {
    if (!db.storage.capabilities.sql) return;
    await db.transaction(async (env) => {
      const record = await env.model('city').browse(city).load(['population', 'name']);
      record.name = 'Gent';
      await env.sql('update city set population = 223 where id = $1', [city]);
      await record.load(['population', 'name']);
      expect([record.population, record.name]).toEqual([223, 'Gent']);
      expect(() => env.model('city').browse(other).population).toThrow(expect.objectContaining({ code: 'TX_NOT_LOADED' }) as Error);
    });
    expect(await stored('population')).toBe(223);
  });

  test('P4 a commit from elsewhere: the snapshot stays whole, by id and by query; the next transaction sees it', async () => {
    if (!db.storage.capabilities.concurrentSessions) return;
    await db.transaction(async (env) => {
      const record = await env.model('city').browse(city).load(['population']);
      await elsewhere({ population: 333 });
      expect((await env.model('city').browse(city).load(['population'])).population).toBe(1);
      expect(await env.model('city').count({ population: 333 })).toBe(0);
      const found = await (await env.model('city').search({ id: { lte: city } })).load(['population']);
      expect(found.filtered((each) => each.id === city).mapped('population')).toEqual([1]);
      record.invalidate();
      expect((await record.load(['population'])).population).toBe(1);
    });
    expect(await stored('population')).toBe(333);
  });

  /** Another program's write. */
  async function elsewhere(values: { readonly population?: number; readonly name?: string }): Promise<void> {
    if (name !== 'PostgreSQL') {
      const session = await db.storage.open({ schema: db.registry.schema });
      await session.update({ model: 'city', ids: [city], fields: Object.keys(values), columns: Object.values(values).map((value) => [value]) });
      await session.commit();
      return;
    }
    const client = new Client({ connectionString: url() });
    await client.connect();
    for (const [column, value] of Object.entries(values)) await client.query(`update city set ${column} = $1 where id = $2`, [value, city]);
    await client.end();
  }

  test('P5 a write to another field keeps what was committed elsewhere meanwhile', async () => {
    if (!db.storage.capabilities.concurrentSessions) return;
    let runs = 0;
    await db.transaction(async (env) => {
      runs += 1;
      const record = await env.model('city').browse(city).load(['name', 'population']);
      if (runs === 1) await elsewhere({ population: 555 });
      record.name = 'Gent';
    });
    expect([runs, await stored('name'), await stored('population')]).toEqual([2, 'Gent', 555]);
  });

  test('P6 a change not yet written is found by a search, a count and a computed value', () => db.transaction(async (env) => {
    const record = await env.model('city').browse(city).load(['name']);
    record.name = 'Zzyzx';
    expect((await env.model('city').search({ name: 'Zzyzx' })).ids).toEqual([city]);
    expect(await env.model('city').count({ label: 'Zzyzx, Belgium' })).toBe(1);
    expect((await env.model('city').search({ name: 'Ghent' })).ids).toEqual([]);
  }));

  test('P7 two ways to one record are one state', () => db.transaction(async (env) => {
    const one = await env.model('city').browse(city).load(['name', 'country']);
    const [two] = await env.model('city').search({ id: city });
    const three = await env.run(() => one.country?.cities.filtered((each) => each.id === city).at(0));
    one.name = 'Gent';
    expect([two?.name, three?.name]).toEqual(['Gent', 'Gent']);
  }));

  test('P8 different fields written through two ways to one record are both kept', async () => {
    await db.transaction(async (env) => {
      const one = await env.model('city').browse(city).load(['name', 'population']);
      const [two] = await env.model('city').search({ id: city });
      one.population = 8;
      two!.name = 'B';
    });
    expect([await stored('name'), await stored('population'), await stored('label')]).toEqual(['B', 8, 'B, Belgium']);
  });

  test('P9 what the database removes and empties by itself is gone from memory too', () => db.transaction(async (env) => {
    const record = await env.model('city').browse(city).load(['name', 'country.cities', 'twin']);
    record.twin = env.model('city').browse(other);
    await env.flush();
    await env.model('city').browse(other).unlink();
    expect([await env.run(() => record.twin), await env.run(() => record.country?.cities.ids)]).toEqual([null, [city]]);
    await env.model('country').browse(country).unlink();
    expect((await record.exists()).ids).toEqual([]);
    expect(() => record.name).toThrow(expect.objectContaining({ code: expect.stringMatching(/^TX_(NOT_LOADED|RECORD_MISSING)$/) as string }) as Error);
    await expect(env.run(() => record.name)).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  }));

  test('P10 a version expected is checked by the database, whoever changed the record', async () => {
    const session = await db.storage.open({ schema: db.registry.schema });
    const { columns: [[version] = []] } = await session.read({ model: 'city', ids: [city], fields: ['$version'] });
    await session.rollback();
    await db.transaction((env) => env.model('city').browse(city).write({ population: 10 }));
    const late = await db.storage.open({ schema: db.registry.schema });
    await expect(late.update({ model: 'city', ids: [city], fields: ['name'], columns: [['late']], expected: [version as bigint] })).rejects.toThrow(ConcurrentModificationError);
    await late.rollback();
    expect(await stored('name')).toBe('Ghent');
  });
});
