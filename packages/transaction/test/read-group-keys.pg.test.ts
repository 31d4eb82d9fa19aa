import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { library } from './support/library';
import { one } from './support/open';

everywhere(library.registry(), ({ begin }) => {
  let tx: Transaction;
  let env: Environment;

  beforeEach(async () => {
    tx = await begin();
    ({ env } = tx);
    await env.model('shelf').create([{ name: 'hall' }, { name: 'wall' }]);
    await env.model('book').create([
      { name: 'a', pages: 50, price: '1.50', state: 'new', shelf: 1 }, { name: 'b', pages: 150, price: '2', state: 'worn', shelf: 2 }, { name: 'c', pages: 10, state: 'new', shelf: 2 }, { name: 'd' },
    ]);
    await tx.flush();
  });

  const groups = async (by: readonly string[], options: object = {}): Promise<unknown> => (await env.model('book').readGroup({ by, ...options })).map(({ by: key, count }) => [...by.map((name) => key[name]), count]);

  test('a selection, a boolean, a number and a decimal are keys, and nothing is one of its own', async () => {
    expect(await groups(['state'])).toEqual([['new', 2], ['worn', 1], [null, 1]]);
    expect(await groups(['active'])).toEqual([[true, 4]]);
    expect(await groups(['price'])).toEqual([['1.50', 1], ['2.00', 1], [null, 2]]);
    expect(await groups(['shelf', 'state'], { order: ['-count', 'state'] })).toEqual([[1, 'new', 1], [2, 'new', 1], [2, 'worn', 1], [null, null, 1]]);
  });

  test('groups that nobody is in are none: neither where nothing is found nor, without keys, of no records', async () => {
    expect(await groups(['state'], { filter: { name: 'z' } })).toEqual([]);
    expect(await env.model('book').readGroup({ filter: { name: 'z' }, sum: ['pages'], min: ['pages'], countDistinct: ['state'] })).toEqual([
      { by: {}, count: 0, sum: { pages: null }, min: { pages: null }, countDistinct: { state: 0 } },
    ]);
    expect(await groups(['state'], { limit: 1, offset: 1 })).toEqual([['worn', 1]]);
    expect(await groups(['state'], { limit: 0 })).toEqual([]);
  });

  test('what is pending counts in keys, figures and filters, what is created, deleted and computed included', async () => {
    one(tx, 'book', 1).set('state', 'worn');
    one(tx, 'book', 4).set('shelf', one(tx, 'shelf', 1));
    await env.model('book').create({ name: 'e', state: 'worn', shelf: 1, pages: 1 });
    await one(tx, 'book', 3).unlink();
    expect(await groups(['state'])).toEqual([['worn', 3], [null, 1]]);
    expect(await env.model('book').readGroup({ by: ['shelf'], sum: ['pages'], filter: { label: { like: '%@hall' } } })).toEqual([{ by: { shelf: 1 }, count: 3, sum: { pages: 51 } }]);
    one(tx, 'shelf', 1).set('name', 'room');
    expect(await groups(['label'], { filter: { label: { like: '%@room' } } })).toEqual([['a@room', 1], ['d@room', 1], ['e@room', 1]]);
  });
});
