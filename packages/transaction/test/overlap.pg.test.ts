import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { geo } from './support/geo';
import { one, open as openInMemory, populate } from './support/open';

/** Work that waits in its middle until it is told to go on. */
function pause(): { readonly begun: Promise<void>; here(): Promise<void>; end(): void } {
  let [begin, end] = [(): void => undefined, (): void => undefined];
  const begun = new Promise<void>((resolve) => { begin = resolve; });
  const ended = new Promise<void>((resolve) => { end = resolve; });
  return {
    begun,
    here() {
      begin();
      return ended;
    },
    end: () => { end(); },
  };
}

const overlap = expect.objectContaining({ code: 'TX_OVERLAP' }) as unknown;

/** The errors of calls made at once, undefined where there is none. */
async function errorsOf(...calls: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(calls.map((call) => call()));
  return outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : undefined));
}

everywhere(geo.registry(), ({ open }) => {
  let tx: Transaction;
  let counting: (work: () => unknown) => Promise<number>;

  beforeEach(async () => {
    ({ tx, counting } = await open());
    await populate(tx);
  });

  /** What it throws rejects the promise. */
  const after = (work: () => unknown): Promise<unknown> => Promise.resolve().then(work);

  test('a flush, savepoint or commit that begins while a load is under way is an error naming both', async () => {
    const load = (): Promise<unknown> => one(tx, 'city', 1).load(['name']);
    for (const call of [() => tx.flush(), () => tx.savepoint(() => undefined), () => tx.commit()]) {
      tx.cache.invalidate();
      expect(await errorsOf(load, call)).toEqual([undefined, overlap]);
    }
    expect(tx.state).toBe('open');
  });

  test('a call that begins while a savepoint is open in another flow is an error, one inside it is not', async () => {
    const stay = pause();
    const opened = tx.savepoint(async () => {
      await one(tx, 'city', 1).load(['name']);
      await tx.flush();
      await tx.savepoint(() => tx.flush());
      await stay.here();
      await one(tx, 'city', 2).load(['country.name']);
    });
    await stay.begun;
    expect(await errorsOf(() => one(tx, 'country', 1).load(['name']), () => tx.flush(), () => tx.savepoint(() => undefined), () => tx.env.model('city').search({ name: 'Ghent' })))
      .toEqual([overlap, overlap, overlap, overlap]);
    stay.end();
    await opened;
    expect(await errorsOf(() => tx.flush())).toEqual([undefined]);
  });

  test('two flushes at once, inside a savepoint as outside, are refused', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    expect(await errorsOf(() => tx.flush(), () => tx.flush())).toEqual([undefined, overlap]);
    one(tx, 'city', 1).set('name', 'Gand');
    await tx.savepoint(async () => {
      expect(await errorsOf(() => tx.flush(), () => tx.flush())).toEqual([undefined, overlap]);
    }, { flush: false });
  });

  test('searches at once may overlap, also when there is something to flush', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    const found = await Promise.all([tx.env.model('city').search({ name: 'Gent' }), tx.env.model('city').search({ name: 'Ghent' }), tx.env.model('city').count({ name: 'Gent' })]);
    expect(found.map((set) => (typeof set === 'number' ? set : set.ids))).toEqual([[1], [], 1]);
  });

  test('writes beside a savepoint of another flow are refused before anything is assigned', async () => {
    const city = one(tx, 'city', 1);
    await city.load(['name', 'population', 'country']);
    const stay = pause();
    const opened = tx.savepoint(async () => {
      await stay.here();
      city.set('population', 2);
      await city.write({ population: 3 });
    });
    await stay.begun;
    const outside = [
      () => city.write({ name: 'Gent' }), () => city.write({ population: 1 }), () => city.copy(), () => city.unlink(), () => tx.env.model('city').create({ name: 'Liège' }),
      () => after(() => { city.set('name', 'Gand'); }),
      () => after(() => tx.env.model('city').new({ name: 'Namur' })),
    ];
    expect(await errorsOf(...outside)).toEqual(outside.map(() => overlap));
    expect([city.get('name'), city.get('population')]).toEqual(['Ghent', 260]);
    stay.end();
    await opened;
    await tx.flush();
    expect((await tx.readStored('city', [1], ['name', 'population'])).columns).toEqual([['Ghent'], [3]]);
  });

  test('what is assigned or written while a flush of another flow is under way is refused, not lost with it', async () => {
    const city = one(tx, 'city', 1);
    await city.load(['name', 'population']);
    city.set('population', 1);
    const flushing = tx.flush();
    await Promise.resolve();
    await Promise.resolve();
    expect(await errorsOf(() => after(() => { city.set('population', 2); }), () => city.write({ population: 2 }))).toEqual([overlap, overlap]);
    await flushing;
    city.set('population', 3);
    await tx.flush();
    expect((await tx.readStored('city', [1], ['population'])).columns).toEqual([[3]]);
  });

  test('functions and loads that wait at the same time share their rounds', async () => {
    const names = (ids: readonly number[]) => (): unknown[] => [...tx.env.model('city').browse(ids)].map((city) => (city.get('country') as RecordSet).get('name'));
    const results: unknown[] = [];
    const statements = await counting(async () => {
      results.push(...(await Promise.all([tx.run(names([1])), tx.run(names([2, 3])), tx.env.model('city').browse([1, 3]).load(['country.name'])])).slice(0, 2));
    });
    expect(results).toEqual([['Belgium'], ['Belgium', 'France']]);
    expect(statements).toBe(2);
  });

  test('what one function is fetching another does not fetch again', async () => {
    const statements = await counting(async () => {
      const first = tx.run(() => one(tx, 'city', 1).get('name'));
      await Promise.resolve();
      await Promise.resolve();
      await Promise.all([first, tx.run(() => one(tx, 'city', 1).get('population'))]);
    });
    expect(statements).toBe(1);
  });
});

// The embedded database has one connection: two transactions of one flow are an error there.
test('transactions do not disturb each other', async () => {
  const { tx: left, again } = await openInMemory();
  const right = await again();
  await left.savepoint(async () => {
    await right.savepoint(() => right.env.model('country').create({ name: 'France' }));
    await left.flush();
  });
  expect(await errorsOf(() => left.flush(), () => right.flush())).toEqual([undefined, undefined]);
});
