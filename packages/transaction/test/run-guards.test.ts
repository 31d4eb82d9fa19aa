import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels, type RunEvent } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction, type RecordSet } from '../src/index';
import { geo } from './support/geo';
import { one, open, populate } from './support/open';

let tx: Transaction;

beforeEach(async () => {
  ({ tx } = await open());
  await populate(tx);
});

test('a function that does less when it runs again is refused', async () => {
  let times = 0;
  await expect(tx.run(() => {
    times += 1;
    if (times > 1) return 'something else';
    return one(tx, 'city', 1).get('name');
  })).rejects.toMatchObject({ code: 'RUN_DIFFERS' });
});

test('a function that reads less because something else changed meanwhile is not', async () => {
  let times = 0;
  const value = await tx.run(() => {
    times += 1;
    if (times === 1) queueMicrotask(() => { one(tx, 'city', 2).set('name', 'Brugge'); });
    return times > 1 ? 'less' : one(tx, 'city', 1).get('name');
  });
  expect(value).toBe('less');
});

test('computes that run only in some executions make no difference', async () => {
  one(tx, 'region', 1);
  const places = await tx.run(() => [...tx.env.model('city').browse([1, 2, 3])].map((city) => `${String(city.get('place'))}${String((city.get('country') as RecordSet).get('label'))}`));
  expect(places).toHaveLength(3);
});

test('single ids browsed in a loop get a warning that says to browse once', async () => {
  await tx.env.model('city').create(Array.from({ length: 15 }, (_, n) => ({ name: `city ${String(n)}` })));
  await tx.flush();
  tx.clear();
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
  await tx.run(() => {
    for (let id = 1; id <= 15; id += 1) one(tx, 'city', id).get('name');
  });
  expect(warn.mock.calls).toEqual([[expect.stringContaining('Browse them once'), { type: 'OrmoluWarning', code: 'RUN_ROUND_PER_RECORD' }]]);
  tx.cache.invalidate();
  warn.mockClear();
  await tx.run(() => {
    for (const city of tx.env.model('city').browse(Array.from({ length: 15 }, (_, n) => n + 1))) city.get('population');
  });
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

test('a function that always asks for something new ends with an error', async () => {
  let id = 0;
  await expect(tx.run(() => {
    id += 1;
    return one(tx, 'city', id).get('name');
  })).rejects.toMatchObject({ code: expect.stringMatching(/^(RUN_ENDLESS|RUN_DIFFERS|TX_RECORD_MISSING)$/) as string });
});

test.each<readonly [how: string, endless: (field: string) => () => unknown]>([
  ['invalidates what it reads', (field) => () => {
    one(tx, 'city', 1).invalidate([field]);
    return one(tx, 'city', 1).get(field);
  }],
  ['computes what is pending on the way', (field) => () => {
    one(tx, 'city', 3).get('displayName');
    one(tx, 'city', 1).invalidate([field]);
    return one(tx, 'city', 1).get(field);
  }],
])('of two functions beside each other that never end, because each %s, each is told what it misses', async (_, endless) => {
  await one(tx, 'city', 3).load(['displayName', 'name', 'country.name']);
  one(tx, 'city', 3).set('name', 'Lyons');
  const outcomes = await Promise.allSettled(['name', 'population'].map((field) => tx.run(endless(field))));
  expect(outcomes).toMatchObject(['name', 'population'].map((field) => ({ status: 'rejected', reason: { code: 'RUN_ENDLESS', details: { model: 'city', field }, message: expect.stringMatching(new RegExp(`city.${field}.* after [2-9] rounds`)) as unknown } })));
  // Nothing is left of either.
  expect([tx.undo.isOpen, tx.execution, await tx.run(() => one(tx, 'city', 1).get('name'))]).toEqual([false, undefined, 'Ghent']);
});

describe('a function that does something else when it runs again, reading as much, is refused:', () => {
  const city = (id: number): RecordSet => one(tx, 'city', id);
  test.each<readonly [what: string, fn: (time: number) => unknown]>([
    ['it assigns another field', (time) => { city(1).set(time === 1 ? 'population' : 'name', time === 1 ? 1 : 'x'); return city(2).get('name'); }],
    ['it assigns another record', (time) => { city(time === 1 ? 1 : 3).set('population', 1); return city(2).get('name'); }],
    ['it assigns nothing any more', (time) => { if (time === 1) city(1).set('population', 1); return city(2).get('name'); }],
    ['it asks another query', (time) => [tx.env.model('city').where({ population: { gte: time } }).length, city(2).get('name')]],
  ])('%s', async (_, fn) => {
    let time = 0;
    await expect(tx.run(() => {
      time += 1;
      return fn(time);
    })).rejects.toMatchObject({ code: 'RUN_DIFFERS', message: expect.stringContaining('assigned or asked other things') as unknown });
    expect(tx.towrite.size).toBe(0);
  });

  test('one that does more, or the same with other values, is not', async () => {
    let time = 0;
    await tx.run(() => {
      time += 1;
      for (const id of [1, 2, 3]) city(id).set('population', Number(city(id).get('population')) + time);
      return tx.env.model('country').where({ name: 'France' }).length;
    });
    expect(time).toBeGreaterThan(1);
  });
});

test('the rounds of a function are told to those who listen', async () => {
  const heard: RunEvent[] = [];
  const listen = (event: unknown): void => void heard.push(event as RunEvent);
  subscribe(channels.run.name, listen);
  try {
    await tx.run(() => [...tx.env.model('city').browse([1, 2, 3])].map((city) => (city.get('country') as RecordSet).get('name')));
  } finally {
    unsubscribe(channels.run.name, listen);
  }
  expect(heard).toEqual([{ executions: 3, rounds: [{ model: 'city', field: 'country', records: 3 }, { model: 'country', field: 'name', records: 2 }] }]);
});

describe('with checkRuns', () => {
  beforeEach(async () => {
    const registry = geo.registry();
    const storage = memory();
    await storage.migrate(registry.schema);
    tx = new Transaction({ registry, session: await storage.open({ schema: registry.schema }), rung: new StorageRung(), checkRuns: true });
    await populate(tx);
  });

  test('a function is run twice, and only once is what it wrote', async () => {
    let times = 0;
    const city = await tx.run(() => {
      times += 1;
      const first = one(tx, 'city', 1);
      first.set('population', Number(first.get('population')) + 1);
      return { first, list: [first.get('name')] };
    });
    expect([times, city.list, one(tx, 'city', 1).get('population')]).toEqual([3, ['Ghent'], 261]);
  });

  test.each([
    ['returns', () => Math.random()],
    ['writes', (): void => { one(tx, 'city', 1).set('population', Math.floor(Math.random() * 1e9)); }],
  ])('a function that %s something else the second time is refused', async (_, fn: () => unknown) => {
    await expect(tx.run(fn)).rejects.toMatchObject({ code: 'RUN_DIFFERS' });
    expect(tx.towrite.size).toBe(0);
  });
});
