import { OrmoluError } from '@ormolu/kernel';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, populate, storedColumns } from './support/open';

everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let counting: (work: () => unknown) => Promise<number>;

  beforeEach(async () => {
    ({ tx, counting } = await open());
    await populate(tx);
    await tx.env.model('city').browse([1, 2, 3]).load(['name', 'population', 'country.name', 'country.cities', 'displayName', 'region.path']);
  });

  const storedNames = async (): Promise<readonly unknown[]> => await storedColumns(tx, 'city', [1, 2, 3], ['name', 'displayName', 'population']);

  test('a flush of some fields writes the rows of which one is pending, and no others', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    one(tx, 'city', 1).set('population', 1);
    one(tx, 'city', 2).set('population', 2);
    await tx.flush([[tx.registry.field('city', 'name')]]);
    expect(await storedNames()).toEqual([['Gent', 'Bruges', 'Lyon'], ['Ghent, Belgium', 'Bruges, Belgium', 'Lyon, France'], [1, 118, 520]]);
    await tx.flush();
    expect(await storedNames()).toEqual([['Gent', 'Bruges', 'Lyon'], ['Gent, Belgium', 'Bruges, Belgium', 'Lyon, France'], [1, 2, 520]]);
  });

  test('a flush of a computed field computes it, with what it is computed from', async () => {
    one(tx, 'country', 1).set('name', 'Belgique');
    await tx.flush([[tx.registry.field('city', 'displayName'), [1]]]);
    expect((await storedNames())[1]).toEqual(['Ghent, Belgique', 'Bruges, Belgium', 'Lyon, France']);
  });

  test('records.flush writes what is pending of these records: of the fields named, or of all', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    one(tx, 'city', 2).set('name', 'Brugge');
    expect(await counting(() => one(tx, 'city', 1).flush(['population']))).toBe(0);
    // One finds the twins, whose label follows; one writes.
    expect(await counting(() => one(tx, 'city', 1).flush())).toBe(2);
    expect(await storedNames()).toEqual([['Gent', 'Bruges', 'Lyon'], ['Gent, Belgium', 'Bruges, Belgium', 'Lyon, France'], [260, 118, 520]]);
  });

  test('records.modified marks dependents of values that changed by other ways; recompute computes anew', async () => {
    one(tx, 'city', 1).modified(['name']);
    expect(tx.tocompute.has(tx.registry.field('city', 'displayName'), 1)).toBe(true);
    await one(tx, 'city', 1).recompute(['displayName']);
    expect(tx.tocompute.has(tx.registry.field('city', 'displayName'), 1)).toBe(false);
  });

  test('records.invalidate forgets clean values, and pending ones stay', () => {
    one(tx, 'city', 1).set('name', 'Gent');
    tx.env.model('city').browse([1, 2]).invalidate(['name', 'population']);
    expect(one(tx, 'city', 1).get('name')).toBe('Gent');
    expect(() => one(tx, 'city', 2).get('name')).toThrow(/not loaded/);
    expect(one(tx, 'city', 3).get('name')).toBe('Lyon');
  });

  test('the cache checks itself against the database through any environment', async () => {
    await tx.flush();
    await tx.cache.check(tx.env);
    tx.cache.set(tx.env.model('city').browse(1), tx.registry.field('city', 'name'), 'wrong');
    const failure: unknown = await tx.cache.check(tx.env).catch((error: unknown) => error);
    expect(OrmoluError.is(failure) && failure.code).toBe('CACHE_INCONSISTENT');
    expect(String(failure)).toContain('city(1).name');
  });

  describe('a clear behind a flush of some fields', () => {
    test('leaves what was computed from them as it was, and what new rows are computed as unset; recompute mends both', async () => {
      one(tx, 'city', 1).set('name', 'Gent');
      const made = await tx.env.model('city').create({ name: 'Namur', country: 1 });
      expect((await tx.env.model('city').search({ name: 'Gent' })).ids).toEqual([1]);
      tx.clear();
      await tx.flush();
      const cities = tx.env.model('city').browse([1, ...made.ids]);
      expect(await cities.read(['name', 'displayName'])).toMatchObject([{ name: 'Gent', displayName: 'Ghent, Belgium' }, { name: 'Namur', displayName: null }]);
      await cities.recompute(['displayName']);
      await tx.flush();
      tx.clear();
      expect(await cities.read(['displayName'])).toMatchObject([{ displayName: 'Gent, Belgium' }, { displayName: 'Namur, Belgium' }]);
    });

    test('loses nothing behind a flush of all, and with a savepoint everything', async () => {
      await tx.savepoint(async () => {
        one(tx, 'city', 1).set('name', 'Gent');
        await tx.env.model('city').search({ name: 'Gent' });
        tx.clear();
        throw new Error('back');
      }, { flush: false }).catch(() => undefined);
      await tx.flush();
      tx.clear();
      expect(await one(tx, 'city', 1).read(['name', 'displayName'])).toMatchObject([{ name: 'Ghent', displayName: 'Ghent, Belgium' }]);
      one(tx, 'city', 1).set('name', 'Gent');
      await tx.flush();
      tx.clear();
      expect(await one(tx, 'city', 1).read(['name', 'displayName'])).toMatchObject([{ name: 'Gent', displayName: 'Gent, Belgium' }]);
    });
  });
});
