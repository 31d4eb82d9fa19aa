import type { OrmoluError } from '@ormolu/kernel';
import type { ComputeError, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, open, populate } from './support/open';

everywhere(geo.registry(), (place) => {
  let tx: Transaction;
  let counting: (work: () => unknown) => Promise<number>;

  beforeEach(async () => {
    ({ tx, counting } = await place.open());
    await populate(tx);
  });

  test('reading what a pending write may concern says which write, outside a run', async () => {
    await one(tx, 'city', 1).load(['displayName']);
    one(tx, 'country', 1).set('name', 'Belgique');
    expect(() => one(tx, 'city', 1).get('displayName')).toThrow(/may depend on a pending write to country\.name/);
  });

  test('reading it answers when memory proves the record unaffected', async () => {
    await one(tx, 'city', 3).load(['displayName', 'country']);
    one(tx, 'country', 1).set('name', 'Belgique');
    expect(one(tx, 'city', 3).get('displayName')).toBe('Lyon, France');
  });

  test('reading it computes when memory proves the record affected and has what the compute reads', async () => {
    await one(tx, 'city', 1).load(['displayName', 'name', 'country.name']);
    one(tx, 'country', 1).set('name', 'Belgique');
    expect(one(tx, 'city', 1).get('displayName')).toBe('Ghent, Belgique');
  });

  test('inside a run it suspends for the relations from the reading records, and not from the writer', async () => {
    const value = await tx.run(() => {
      one(tx, 'country', 1).set('name', 'Belgique');
      return one(tx, 'city', 1).get('displayName');
    });
    expect(value).toBe('Ghent, Belgique');
  });

  test('a rename takes as many statements for two hundred dependents as for three', async () => {
    const rename = async (name: string): Promise<number> => {
      tx.clear();
      return counting(async () => {
        await one(tx, 'country', 1).load(['name']);
        one(tx, 'country', 1).set('name', name);
        await tx.flush();
      });
    };
    const forThree = await rename('Belgique');
    await tx.env.model('city').create(Array.from({ length: 200 }, (_, n) => ({ name: `c${String(n)}`, country: 1 })));
    await tx.flush();
    expect(await rename('Belgien')).toBe(forThree);
    expect(await tx.run(() => tx.env.model('city').browse([1, 150]).mapped('displayName'))).toEqual(['Ghent, Belgien', 'c146, Belgien']);
  });

  test('moving a record whose old owner is not in memory updates the lists and totals of both owners', async () => {
    one(tx, 'city', 1).set('country', one(tx, 'country', 2));
    await tx.flush();
    const countries = tx.env.model('country').browse([1, 2]);
    expect(await tx.run(() => countries.mapped('population'))).toEqual([118, 780]);
    expect(await tx.run(() => countries.mapped('cityCount'))).toEqual([1, 2]);
  });

  test('a record whose old owner is no longer in memory leaves the list that still holds it', async () => {
    await tx.env.model('country').browse([1, 2]).load(['cities']);
    one(tx, 'city', 1).invalidate(['country']);
    one(tx, 'city', 1).set('country', one(tx, 'country', 2));
    expect(one(tx, 'country', 1).get('cities')).toMatchObject({ ids: [2] });
    expect(one(tx, 'country', 2).get('cities')).toMatchObject({ ids: [3, 1] });
  });

  test('an equal value marks nothing and is not written', async () => {
    await one(tx, 'city', 1).load(['name', 'country.name']);
    expect(await counting(async () => {
      one(tx, 'city', 1).set('name', 'Ghent');
      one(tx, 'country', 1).set('name', 'Belgium');
      await tx.flush();
    })).toBe(0);
    expect(tx.tocompute.size).toBe(0);
  });

  test('a mark whose causes came out equal is dropped without running', async () => {
    await tx.env.model('city').browse([1, 2, 3]).load(['displayName', 'twinLabel', 'name', 'country.name', 'twin.displayName']);
    one(tx, 'city', 1).set('name', 'Gent');
    one(tx, 'city', 1).set('name', 'Ghent');
    // The name was assigned twice, so it is pending; what depends on it comes out as it was.
    await tx.flush();
    expect(await tx.run(() => one(tx, 'city', 2).get('twinLabel'))).toBe('Ghent, Belgium');
  });

  test('a cycle in a recursive field fails for its records and those behind it, and the error names it; all else is written', async () => {
    await tx.env.model('region').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }, { name: 'd' }]);
    await tx.flush();
    one(tx, 'region', 1).set('parent', one(tx, 'region', 2));
    one(tx, 'region', 4).set('name', 'D');
    const error: unknown = await tx.flush().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'TX_COMPUTE_FAILED', cause: { code: 'TX_COMPUTE_CYCLE' } });
    const { failures, cause } = error as ComputeError;
    expect(failures).toMatchObject([{ model: 'region', field: 'path' }]);
    expect(new Set(failures[0]?.ids)).toEqual(new Set([1, 2, 3]));
    const { ids } = (cause as OrmoluError).details as { ids: readonly number[] };
    expect(new Set(ids)).toEqual(new Set([1, 2]));
    expect((await tx.readStored('region', [1], ['parent', 'name', 'path'])).columns).toEqual([[2], ['a'], ['a']]);
    expect((await tx.readStored('region', [4], ['name', 'path'])).columns).toEqual([['D'], ['D']]);
    expect(() => one(tx, 'region', 3).get('path')).toThrow(/Computing failed for region.path/);

    one(tx, 'region', 1).set('parent', null);
    await tx.flush();
    expect((await tx.readStored('region', [3], ['path'])).columns).toEqual([['a/b/c']]);
  });
});

// How deep calls nest is memory's alone; chains in databases have a suite of their own.
test('what is pending in a recursive field is computed from the top, however long the chain', async () => {
  const length = 5_000;
  const { tx } = await open();
  const regions = await tx.env.model('region').create(Array.from({ length }, (_, n) => ({ name: 'r', parent: n === 0 ? null : n })));
  await tx.flush();
  await regions.load(['parent', 'name', 'path']);
  regions.at(0)?.set('name', 'top');
  await tx.flush();
  expect(String(regions.at(-1)?.get('path'))).toHaveLength(3 + 2 * (length - 1));
});
