import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { library } from './support/library';

everywhere(library.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;

  beforeEach(async () => {
    tx = await begin();
    env = tx.env;
    await env.model('company').create([{ name: 'North' }]);
    await env.model('shelf').create([{ name: 'hall' }, { name: 'wall', parent: 1 }]);
    await env.model('book').create([
      { name: 'a', pages: 50, price: '1.50', state: 'new', shelf: 1 }, { name: 'b', pages: 150, price: '2', state: 'worn', shelf: 2 },
      { name: 'c', pages: 7, shelf: 2, active: false }, { name: 'd', pages: 10, price: '0.25', shelf: 2 }, { name: 'e' },
    ]);
    await tx.flush();
  });

  test('keys, numbers of records and figures, by path', async () => {
    expect(await counting(tx, async () => {
      expect(await env.model('book').readGroup({ by: ['shelf.name'], count: true, sum: ['pages', 'price'], avg: ['price'], min: ['name'], max: ['pages'], countDistinct: ['state'] })).toEqual([
        { by: { 'shelf.name': 'hall' }, count: 1, sum: { pages: 50, price: '1.50' }, avg: { price: '1.50000000' }, min: { name: 'a' }, max: { pages: 50 }, countDistinct: { state: 1 } },
        { by: { 'shelf.name': 'wall' }, count: 2, sum: { pages: 160, price: '2.25' }, avg: { price: '1.12500000' }, min: { name: 'b' }, max: { pages: 150 }, countDistinct: { state: 1 } },
        { by: { 'shelf.name': null }, count: 1, sum: { pages: null, price: null }, avg: { price: null }, min: { name: 'e' }, max: { pages: null }, countDistinct: { state: 0 } },
      ]);
    })).toBe(1);
  });

  test('without keys all are one group; relations are ids; related fields are their paths', async () => {
    expect(await env.model('book').readGroup({})).toEqual([{ by: {}, count: 4 }]);
    expect((await env.model('book').readGroup({ by: ['shelf', 'active'], filter: { active: { in: [true, false] } } })).map(({ by, count }) => [by['shelf'], by['active'], count])).toEqual([[1, true, 1], [2, false, 1], [2, true, 2], [null, true, 1]]);
    expect((await env.model('book').readGroup({ by: ['shelfName', 'place'] })).map(({ by }) => [by['shelfName'], by['place']])).toEqual([['hall', null], ['wall', 1], [null, null]]);
  });

  test('ordered and limited', async () => {
    const keys = async (order: readonly string[], limit?: number): Promise<unknown> => (await env.model('book').readGroup({ by: ['shelf.name'], sum: ['pages'], order, limit })).map(({ by }) => by['shelf.name']);
    expect(await keys(['-count', '-shelf.name'])).toEqual(['wall', null, 'hall']);
    expect(await keys(['-sum.pages'], 2)).toEqual([null, 'wall']);
    expect(await keys(['sum.pages'])).toEqual(['hall', 'wall', null]);
    await expect(keys(['-sum.page'])).rejects.toMatchObject({ code: 'GROUP_ORDER', message: expect.stringContaining("Did you mean 'sum.pages'") as string });
  });

  test('filters, pending values, companies and languages count as in a search', async () => {
    expect(await env.model('book').readGroup({ filter: { size: 'big' }, sum: ['pages'] })).toEqual([{ by: {}, count: 1, sum: { pages: 150 } }]);
    env.model('book').browse(1).set('pages', 500);
    expect(await env.model('book').readGroup({ filter: { size: 'big' }, sum: ['pages'] })).toEqual([{ by: {}, count: 2, sum: { pages: 650 } }]);
    const north = env.withCompany(1);
    await north.model('book').browse([1, 2]).write({ value: 1.5 });
    expect(await north.model('book').readGroup({ by: ['value'], sum: ['value'], max: ['value'] })).toEqual([
      { by: { value: 1.5 }, count: 2, sum: { value: 3 }, max: { value: 1.5 } }, { by: { value: null }, count: 2, sum: { value: null }, max: { value: null } },
    ]);
    await env.withContext({ lang: 'fr' }).model('book').browse(1).write({ title: 'Un' });
    await env.model('book').browse(2).write({ title: 'Two' });
    expect((await env.withContext({ lang: 'fr' }).model('book').readGroup({ by: ['title'] })).map(({ by }) => by['title'])).toEqual(['Two', 'Un', null]);
  });

  test('what means nothing says why', async () => {
    const refused: readonly (readonly [string, object])[] = [
      // What is computed and not stored is in no column: as a key or a figure, here or at the end of a path, and on the way.
      ['FILTER_INVALID', { sum: ['thickness'] }], ['FILTER_INVALID', { countDistinct: ['size'] }], ['FILTER_INVALID', { max: ['thickness'], by: ['shelf'] }], ['FILTER_INVALID', { by: ['shelf.isFull'] }], ['FILTER_INVALID', { by: ['shelf'], filter: { thickness: 1 } }],
      ['GROUP_PATH', { by: ['authors'] }], ['GROUP_FUNCTION', { sum: ['name'] }], ['FILTER_INVALID', { by: ['size'] }], ['FIELD_UNKNOWN', { by: ['nmae'] }], ['TX_ARGUMENT', { by: 'name' }], ['TX_ARGUMENT', { bye: ['name'] }],
    ];
    expect(await counting(tx, async () => {
      for (const [code, options] of refused) await expect(env.model('book').readGroup(options)).rejects.toMatchObject({ code });
    })).toBe(0);
    await expect(env.model('book').readGroup({ sum: ['thickness'] })).rejects.toThrow(/'thickness' is not stored/);
    await expect(env.withUser(1).model('book').readGroup({ by: ['secret'] })).rejects.toMatchObject({ code: 'TX_ACCESS' });
  });
});
