import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { library } from './support/library';

everywhere(library.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;

  beforeEach(async () => {
    tx = await begin();
    env = tx.env;
    await env.model('company').create([{ name: 'North' }, { name: 'South' }]);
    await env.model('user').create([{ name: 'Ann', company: 1 }]);
    await env.model('shelf').create([{ name: 'hall' }, { name: 'wall', parent: 1 }, { name: 'attic', parent: 2 }]);
    await env.model('author').create([{ name: 'Eco' }, { name: 'Poe', active: false }]);
    await env.model('book').create([
      { name: 'a', pages: 50, price: '1.50', state: 'new', code: '00000000-0000-0000-0000-00000000000a', shelf: 1, authors: [1], title: 'A', secret: 'x' },
      { name: 'b', pages: 150, price: '2', state: 'worn', shelf: 3, authors: [1, 2] },
      { name: 'c', shelf: 3, active: false },
      { name: 'd', pages: 10 },
    ]);
    await tx.flush();
  });

  const found = async (filter: object, options: { order?: readonly string[]; limit?: number; offset?: number } = {}, at: Environment = env): Promise<string> => {
    const records = await at.model('book').search(filter, options);
    await records.load(['name']);
    return (records.mapped('name') as readonly string[]).join('');
  };
  const everything = { activeTest: false };

  test('inactive records are left out, unless the filter or the context says otherwise', async () => {
    expect(await found({})).toBe('bad');
    expect(await found({ active: false })).toBe('c');
    expect(await found({ active: { in: [true, false] } })).toBe('cbad');
    expect(await found({ or: [{ active: false }, { name: 'a' }] })).toBe('ca');
    expect(await found({}, {}, env.withContext(everything))).toBe('cbad');
    expect(await env.model('book').count({})).toBe(3);
    // Of other models nothing is left out: the filter is about books.
    expect(await found({ 'authors.name': 'Poe' })).toBe('b');
    expect(await found({ 'authors.active': false })).toBe('b');
  });

  test('related fields are the paths they show, in filters, in orders and in the middle of paths', async () => {
    expect(await found({ shelfName: 'attic' })).toBe('b');
    expect(await found({ shelfName: { ne: 'attic' } })).toBe('ad');
    expect(await found({ 'place.name': 'wall' })).toBe('b');
    expect(await found({ place: 2 })).toBe('b');
    expect(await found({ 'place.id': 2 })).toBe('b');
    expect(await found({}, { order: ['-shelfName'] })).toBe('dab');
    expect(await found({}, { order: ['place.name', 'name'] })).toBe('bad');
  });

  test('search methods find what is not stored, at the end of paths too', async () => {
    expect(await found({ size: 'big' })).toBe('b');
    expect(await found({ size: { ne: 'big' } })).toBe('ad');
    expect(await found({ not: { size: 'big' } })).toBe('ad');
    const shelves = async (filter: object): Promise<unknown> => (await env.model('shelf').search(filter)).ids;
    expect(await shelves({ isFull: true })).toEqual([3]);
    expect(await shelves({ 'parent.isFull': false })).toEqual([3, 2]);
    expect(await shelves({ 'books.size': 'big' })).toEqual([3]);
    expect(await shelves({ 'books.size': 'small' })).toEqual([3, 1]);
    expect(await found({ 'shelf.isFull': true }, {}, env.withContext(everything))).toBe('cb');
    expect(await found({ 'shelf.books.size': 'big' })).toBe('b');
  });

  test('where a path leads to no record, a search method has no say', async () => {
    const shelves = async (filter: object): Promise<unknown> => (await env.model('shelf').search(filter, { order: ['id'] })).ids;
    expect(await shelves({ 'parent.isFull': false })).toEqual([2, 3]);
    expect(await shelves({ 'parent.isFull': { ne: true } })).toEqual([1, 2, 3]);
    expect(await found({ 'shelf.parent.isFull': { isNull: true } })).toMatch(/ad/);
  });

  test('what cannot be found says why', async () => {
    await expect(found({ thickness: 3 })).rejects.toMatchObject({ code: 'FILTER_INVALID', message: expect.stringContaining('search method') as string });
    await expect(found({ loop: 3 })).rejects.toMatchObject({ code: 'FILTER_INVALID', message: expect.stringContaining('leads back to itself') as string });
    await expect(found({}, { order: ['size'] })).rejects.toMatchObject({ code: 'FILTER_INVALID' });
    await expect(found({ 'shelf.nmae': 'x' })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    await expect(found({ 'name.length': 1 })).rejects.toMatchObject({ code: 'PATH_NOT_A_RELATION' });
  });

  test('children and parents follow the model', async () => {
    expect(await found({ shelf: { childOf: 2 } })).toBe('b');
    expect(await found({ shelf: { childOf: env.model('shelf').browse([1]) } })).toBe('ba');
    expect(await found({ 'shelf.id': { parentOf: [3] } })).toBe('ba');
    env.model('shelf').browse(3).set('parent', 1);
    expect(await found({ shelf: { childOf: 2 } })).toBe('');
    expect((await env.model('shelf').search({ id: { childOf: 1 } })).ids).toEqual([3, 1, 2]);
  });

  test('what no record can hold is not found, and no error', async () => {
    expect(await found({ name: 'much longer than ten' })).toBe('');
    expect(await found({ name: { ne: 'much longer than ten' } })).toBe('bad');
    expect(await found({ name: 'a\0' })).toBe('');
    expect(await found({ name: { in: ['a', 'b\0'] } })).toBe('a');
    expect(await found({ name: { ilike: 'a\0%' } })).toBe('');
    expect(await found({ price: '1.501' })).toBe('');
    expect(await found({ price: { lt: '1.501' } })).toBe('a');
    expect(await found({ price: { gt: '1.499' } })).toBe('ba');
    expect(await found({ pages: { lt: 2 ** 40 } })).toBe('bad');
    expect(await found({ pages: 2 ** 60 })).toBe('');
    expect(await found({ code: 'no uuid' })).toBe('');
    expect(await found({ code: { notIn: ['no uuid'] } })).toBe('bad');
    expect(await found({ state: 'lost' })).toBe('');
    expect(await found({ shelf: 2 ** 40 })).toBe('');
    for (const filter of [{ name: 3 }, { pages: '3' }, { price: 1.5 }, { shelf: 'attic' }, { code: 3 }, { code: { gt: 'x' } }, { pages: { gt: 2 ** 60 } }]) {
      await expect(found(filter)).rejects.toMatchObject({ code: 'FIELD_VALUE_INVALID' });
    }
  });

  test('records stand for their ids', async () => {
    expect(await found({ shelf: env.model('shelf').browse(1) })).toBe('a');
    expect(await found({ shelf: { in: env.model('shelf').browse([1, 3]) } })).toBe('ba');
    expect(await found({ authors: { in: env.model('author').browse([2]) } })).toBe('b');
    expect(await found({ id: { in: env.model('book').browse([1, 4]) } })).toBe('ad');
  });

  test('filters and orders look at the value of the company and the text of the language', async () => {
    const south = env.withCompany(2);
    await env.withCompany(1).model('book').browse([1]).write({ value: 3 });
    await south.model('book').browse([1]).write({ value: 1 });
    await south.model('book').browse([2]).write({ value: 2 });
    const french = env.withContext({ lang: 'fr' });
    await french.model('book').browse(1).write({ title: 'Z' });
    await env.model('book').browse(4).write({ title: 'M' });
    expect(await found({ value: { gt: 0 } }, { order: ['value'] }, south)).toBe('ab');
    expect(await found({ value: { gt: 0 } }, {}, env.withCompany(1))).toBe('a');
    expect(await found({ value: { isNull: true } })).toBe('bad');
    expect(await found({ title: { exists: true } }, { order: ['title'] })).toBe('ad');
    expect(await found({ title: { exists: true } }, { order: ['title'] }, french)).toBe('da');
    expect(await found({ title: 'M' }, {}, french)).toBe('d');
  });

  test('a search writes first what it looks at, and nothing else', async () => {
    const book = env.model('book').browse(1);
    await book.load(['name', 'pages', 'label']);
    book.set('pages', 500);
    expect(await counting(tx, () => found({ name: 'a' }, { order: ['id'] }))).toBe(1);
    expect(tx.towrite.get('book')?.has(1)).toBe(true);
    expect(await counting(tx, () => env.model('author').search({}))).toBe(1);
    expect(await counting(tx, () => found({ pages: 500 }))).toBe(2);
    expect(tx.towrite.size).toBe(0);
    // What is computed is found as it will be, also through what it is computed from.
    env.model('shelf').browse(1).set('name', 'cellar');
    expect(await found({ label: 'a@cellar' })).toBe('a');
    env.model('book').browse(1).set('shelf', 3);
    expect((await env.model('shelf').search({ 'books.name': 'a' })).ids).toEqual([3]);
    expect((await env.model('shelf').search({ bookCount: 3 })).ids).toEqual([3]);
    await env.model('book').browse(4).write({ authors: [2] });
    expect(await found({ authors: 2 })).toBe('bd');
  });

  test('searches may overlap', async () => {
    env.model('book').browse(1).set('pages', 500);
    env.model('shelf').browse(1).set('name', 'cellar');
    expect(await Promise.all([found({ pages: 500 }), found({ 'shelf.name': 'cellar' }), found({ size: 'big' })])).toEqual(['a', 'a', 'ab']);
  });

  test('groups have fields of their own, for those who ask through the API', async () => {
    const asked: (number | null)[] = [];
    const groupsOf = (at: Environment): readonly string[] => {
      asked.push(at.uid);
      return at.uid === 1 ? ['staff'] : [];
    };
    await tx.commit();
    tx = await begin({ uid: 1, groupsOf, users: 'user' });
    const ann = tx.env.withUser(1).model('book').browse(1);
    expect(await ann.read(['secret'])).toEqual([{ id: 1, secret: 'x' }]);
    await ann.write({ secret: 'y' });
    expect((await ann.search({ secret: 'y' })).ids).toEqual([1]);
    const bob = tx.env.withUser(2).model('book').browse(1);
    await bob.load(['secret']);
    expect(bob.get('secret')).toBe('y');
    for (const refused of [() => bob.read(['name', 'secret']), () => bob.write({ secret: 'z' }), () => bob.search({ secret: 'y' }), () => bob.search({}, { order: ['secret'] }), () => bob.count({ not: { secret: 'y' } }), () => bob.create({ name: 'n', secret: 'z' }), () => tx.env.withUser(2).model('shelf').search({ 'books.secret': 'y' })]) {
      await expect(refused()).rejects.toMatchObject({ code: 'TX_ACCESS', message: expect.stringContaining('book.secret') as string });
    }
    expect(await bob.read(['name'])).toEqual([{ id: 1, name: 'a' }]);
    expect(await tx.env.withUser(2).sudo().model('book').browse(1).read(['secret'])).toEqual([{ id: 1, secret: 'y' }]);
    expect(asked).toEqual([1, 2]);
  });
});
