import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, populate } from './support/open';

everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let counting: (work: () => unknown) => Promise<number>;

  beforeEach(async () => {
    const opened = await open();
    ({ tx, counting } = opened);
    await populate(tx);
  });

  test('a walk over relations takes one statement a hop, whatever the number of records', async () => {
    const cities = tx.env.model('city').browse([1, 2, 3]);
    const names: string[] = [];
    const statements = await counting(() => tx.run(() => {
      names.length = 0;
      for (const city of cities) names.push(`${String(city.get('name'))}/${String((city.get('country') as RecordSet).get('name'))}`);
    }));
    expect(names).toEqual(['Ghent/Belgium', 'Bruges/Belgium', 'Lyon/France']);
    expect(statements).toBe(2);
  });

  test('what a suspended execution wrote is taken back before it runs again', async () => {
    let executions = 0;
    await tx.run(() => {
      executions += 1;
      const ghent = one(tx, 'city', 1);
      ghent.set('population', 1);
      expect([...tx.towrite.keys()]).toEqual(['city']);
      ghent.set('population', Number(ghent.get('population')) + Number(one(tx, 'city', 3).get('population')));
    });
    expect(executions).toBe(2);
    expect(one(tx, 'city', 1).get('population')).toBe(521);
  });

  test('the value is that of the one uninterrupted execution', async () => {
    expect(await tx.run(() => one(tx, 'country', 2).get('name'))).toBe('France');
  });

  test('a function that returns a promise is refused, and what it wrote is taken back', async () => {
    await expect(tx.run(() => {
      one(tx, 'city', 1).set('population', 9);
      return Promise.resolve(1);
    })).rejects.toMatchObject({ code: 'RUN_ASYNC' });
    expect(tx.towrite.size).toBe(0);
  });

  test.each<[what: string, fn: () => unknown]>([
    ['a generator function', function* () { yield one(tx, 'city', 1).get('name'); }],
    ['an async generator function', async function* () { yield await Promise.resolve(1); }],
    ['a function that returns an iterator of records', () => tx.env.model('city').browse([1, 2])[Symbol.iterator]()],
    ['a function that returns an iterator of an array', () => [1, 2].entries()],
  ])('%s is refused, because nothing of it would have run', async (_, fn) => {
    await expect(tx.run(fn)).rejects.toMatchObject({ code: 'RUN_ITERATOR' });
  });

  test('whatever only looks like an iterator is a value like others', async () => {
    const list = { next: () => undefined, [Symbol.iterator]: () => [][Symbol.iterator]() };
    expect(await tx.run(() => list)).toBe(list);
    expect(await tx.run(() => tx.env.model('city').browse([1, 2]))).toHaveLength(2);
  });

  test('an asynchronous call inside is refused at once', async () => {
    await expect(tx.run(() => void one(tx, 'city', 1).load(['name']))).rejects.toMatchObject({ code: 'RUN_ASYNC_CALL' });
    await expect(tx.run(() => void tx.flush())).rejects.toMatchObject({ code: 'RUN_ASYNC_CALL' });
  });

  test('a function that swallows the suspension gets an error that says so', async () => {
    const swallow = (): unknown => {
      try {
        return one(tx, 'city', 1).get('name');
      } catch {
        return 'nothing';
      }
    };
    await expect(tx.run(swallow)).rejects.toMatchObject({ code: 'RUN_SWALLOWED' });
  });

  test('a function that forgets what it fetched gets an error instead of running for ever', async () => {
    await expect(tx.run(() => {
      tx.cache.invalidate();
      return one(tx, 'city', 1).get('name');
    })).rejects.toMatchObject({ code: 'RUN_ENDLESS' });
  });

  test('an error of the function comes out as it is, and what was written before it stays', async () => {
    const error = new Error('mine');
    await expect(tx.run(() => {
      one(tx, 'city', 1).set('population', 3);
      throw error;
    })).rejects.toBe(error);
    expect(one(tx, 'city', 1).get('population')).toBe(3);
  });

  test('a run inside a run is refused', async () => {
    await expect(tx.run(() => tx.run(() => 1))).rejects.toMatchObject({ code: 'RUN_ASYNC_CALL' });
  });

  test('outside a run, a read of what is not loaded names record, field and both remedies', () => {
    expect(() => one(tx, 'city', 1).get('name')).toThrow("city(1).name is not loaded. Await records.load(['name']) first, or read it inside env.run(() => …).");
  });

  test('a record that does not exist is an error naming it', async () => {
    await expect(tx.run(() => one(tx, 'city', 99).get('name'))).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  });

  test('records browsed together load together, a missing one beside them', async () => {
    const statements = await counting(() => tx.run(() => {
      const [first, , third] = [...tx.env.model('city').browse([1, 99, 3])];
      return [first?.get('name'), third?.get('name')];
    }));
    expect(statements).toBe(1);
  });
});
