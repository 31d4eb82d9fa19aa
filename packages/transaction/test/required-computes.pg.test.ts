import { char, defineModels, integer, many2one, related } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { storedColumns } from './support/open';

/** Passes null where the types refuse it, as plain JavaScript may, and a program that knows better than its data. */
const given = <T>(value: T | null): T => value as T;

const models = defineModels({
  country: { name: char({ required: true }) },
  city: {
    name: char(), country: many2one('country'), told: char(),
    // One record at a time and plain; editable; together with another, for all records at once; early; a relation; related; not stored.
    label: char({ store: true, required: true }), hand: char({ store: true, required: true, readonly: false }), code: char({ store: true, required: true }),
    size: integer({ store: true }), early: char({ store: true, required: true, precompute: true }), home: many2one('country', { store: true, required: true }),
    countryName: related('country.name', { store: true }), loose: char(), shout: char({ store: true }),
  },
})
  .compute('city', 'label', ['name'], ({ name }) => given(name))
  .compute('city', 'hand', ['name'], ({ name }) => given(name))
  .computeBatch('city', ['code', 'size'], ['name'], (cities) => {
    for (const city of cities) {
      // What it is first is not what it is in the end.
      city.code = given<string>(null);
      city.size = city.name?.length ?? 0;
      if (city.name !== null) city.code = city.name.slice(0, 1);
    }
  })
  .compute('city', 'early', ['name', 'told'], ({ name, told }) => given(name ?? told))
  .compute('city', 'home', ['country', 'name'], ({ country, name }) => given(name === null ? null : country))
  .compute('city', 'loose', ['name'], ({ name }) => name)
  .compute('city', 'shout', ['label'], ({ label }) => label.toUpperCase());

const REQUIRED = ['label', 'hand', 'code', 'early', 'home'];

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;
  let cities: RecordSet;

  beforeEach(async () => {
    ({ tx } = await open());
    await tx.env.model('country').create({ name: 'B' });
    await tx.env.model('city').create(['Ghent', 'Bruges', 'Ypres'].map((name) => ({ name, country: 1 })));
    await tx.flush();
    cities = tx.env.model('city').browse([1, 2, 3]);
  });

  /** What a call threw. */
  async function thrownBy(call: () => unknown): Promise<unknown> {
    try {
      await call();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  test.each([['in memory', false], ['with nothing in memory', true]])('a compute that gives null for what is required fails the flush, which names fields and records and writes all the rest: %s', async (_, isCold) => {
    if (isCold) tx.clear();
    await tx.env.model('city').browse([1, 2]).write({ name: null });
    await tx.env.model('city').browse(3).write({ name: 'Ieper' });
    const failed = await thrownBy(() => tx.flush());
    expect(failed).toMatchObject({ code: 'TX_COMPUTE_FAILED', cause: { code: 'TX_REQUIRED' } });
    const { failures } = failed as { failures: readonly { field: string; ids: readonly number[]; error: unknown }[] }; // as its code says
    for (const field of REQUIRED) {
      const own = failures.filter((failure) => failure.field === field);
      expect([field, own.flatMap(({ ids }) => ids).sort()]).toEqual([field, [1, 2]]);
      for (const { error, ids } of own) expect(error).toMatchObject({ code: 'TX_REQUIRED', details: { model: 'city', field, ids } });
      expect(String(failed)).toContain(`city.${field} of `);
    }
    // What is not required may be null, and what went well is written.
    expect(await storedColumns(tx, 'city', [1, 2, 3], ['name', ...REQUIRED, 'countryName'])).toEqual([
      [null, null, 'Ieper'], ['Ghent', 'Bruges', 'Ieper'], ['Ghent', 'Bruges', 'Ieper'], ['G', 'B', 'I'], ['Ghent', 'Bruges', 'Ieper'], [1, 1, 1], ['B', 'B', 'B'],
    ]);
  });

  test('it comes out once a flush, a commit refuses while it is there, and mended values go on', async () => {
    const [first] = [...cities];
    await first?.write({ name: null });
    await expect(tx.flush()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    await expect(tx.commit()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    expect(tx.state).toBe('open');
    // Who reads it is told the same; the session answers.
    await expect(cities.load(['label'])).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED', cause: { code: 'TX_REQUIRED' } });
    expect(await tx.env.model('city').count()).toBe(3);
    expect(first?.get('loose')).toBeNull();
    await first?.write({ name: 'Gent' });
    await tx.flush();
    expect(await storedColumns(tx, 'city', [1], [...REQUIRED, 'shout'])).toEqual([['Gent'], ['Gent'], ['G'], ['Gent'], [1], ['GENT']]);
    await tx.commit();
  });

  test('a stored related field may be null, whatever it shows', async () => {
    await cities.at(0)?.write({ country: null });
    await expect(tx.flush()).rejects.toMatchObject({ failures: [{ field: 'home', ids: [1], error: { code: 'TX_REQUIRED' } }] });
    expect(await storedColumns(tx, 'city', [1, 2], ['countryName', 'home'])).toEqual([[null, 'B'], [1, 1]]);
  });

  test('a new record is there without it and keeps the commit waiting; given by hand it is no matter of the compute', async () => {
    await tx.env.model('city').create({ told: 'told', country: 1, hand: 'given' });
    const failed = await thrownBy(() => tx.flush());
    expect(failed).toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    const { failures } = failed as { failures: readonly { ids: readonly number[]; error: { details: { field: string } } }[] }; // as its code says
    expect([...new Set(failures.map(({ error, ids }) => `${error.details.field} ${String(ids)}`))].sort()).toEqual(['code 4', 'home 4', 'label 4']);
    await tx.env.model('city').browse(4).unlink();
    await tx.flush();
    expect(await tx.env.model('city').count()).toBe(3);
  });

  test('a draft may be without it until it is saved', async () => {
    const draft = tx.env.model('city').new({ told: 'told', country: 1 });
    expect([draft.get('label'), draft.get('code'), draft.get('early')]).toEqual([null, null, 'told']);
    draft.set('name', 'Mons');
    await draft.save();
    await tx.flush();
    expect(await storedColumns(tx, 'city', [4], ['label', 'hand', 'code'])).toEqual([['Mons'], ['Mons'], ['M']]);
  });
});
