import type { StoredId } from '@ormolu/kernel';
import type { Transaction } from '../src/index';
import { catalog } from './support/catalog';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const registry = catalog.registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;
  beforeEach(async () => {
    tx = await begin();
  });

  const read = async (model: string, id: StoredId, ...fields: string[]): Promise<unknown> => (await one(tx, model, id).read(fields))[0];
  const rows = async (model: string, ...fields: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(fields);

  test('a new record makes the record it delegates to, with the values that are its fields', async () => {
    const articles = tx.env.model('article');
    // BEGIN travels with the first statement.
    await articles.count();
    // Products, articles, sizes.
    expect(await counting(tx, () => articles.create([{ name: 'pen', price: 3, sizes: [{ create: { width: 2 } }] }, { name: 'ink' }]))).toBe(3);
    expect(await read('article', 1, 'name', 'price', 'label', 'product')).toEqual({ id: 1, name: 'pen', price: 3, label: 'pen at 3', product: 1 });
    expect(await read('product', 2, 'name', 'price')).toEqual({ id: 2, name: 'ink', price: 1 });
    await one(tx, 'article', 1).write({ name: 'pencil', secret: 'x' });
    await articles.create({ product: 2, price: 9 });
    await tx.commit();
    tx = await begin();
    expect(await rows('product', 'name', 'price')).toEqual([{ id: 1, name: 'pencil', price: 3 }, { id: 2, name: 'ink', price: 9 }]);
    await expect(tx.env.model('article').create({ secret: 'x' })).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    await one(tx, 'product', 1).unlink();
    expect((await tx.env.model('article').search()).ids).toEqual([2, 3]);
  });

  test('defaults are given the environment', async () => {
    await tx.env.withUser(7).model('article').create({ name: 'pen' });
    expect(await read('article', 1, 'owner')).toEqual({ id: 1, owner: 'user 7' });
  });

  test('fields are computed before the row is inserted, from all that is created with it, and no UPDATE follows', async () => {
    await tx.env.model('group').create([{ name: 'g' }, { name: 'h' }]);
    const made = await counting(tx, async () => {
      await tx.env.model('article').create([
        { name: 'pen', sizes: [{ create: { width: 2 } }, { create: { width: 3 } }], groups: [1, { create: { name: 'i' } }] }, { name: 'ink', code: undefined, total: 5 },
      ]);
    });
    // Products, articles, sizes, groups, and the pairs of articles and groups.
    expect(made).toBe(5);
    expect((await tx.session.read({ model: 'article', ids: [1, 2], fields: ['code', 'total'] })).columns).toEqual([['pen/user null', 'ink/user null'], [205, 5]]);
    expect(tx.toCompute.get(tx.registry.field('article', 'total'))).not.toContain(2);
    expect(await counting(tx, () => tx.flush([[tx.registry.field('article', 'total')]]))).toBe(0);
    expect(tx.drafts.isEmpty).toBe(true);
    await one(tx, 'group', 1).write({ articles: [{ link: 2 }] });
    expect(await read('article', 2, 'total')).toEqual({ id: 2, total: 100 });
  });

  test('a copy has what its fields say: lists of relation tables, lists with copy: true and the record it delegates to', async () => {
    await tx.env.model('group').create([{ name: 'g' }]);
    await tx.env.model('article').create([
      { name: 'pen', price: 3, secret: 's', sizes: [{ create: { width: 2 } }, { create: { width: 3 } }], remarks: [{ create: { text: 'r' } }], groups: [1] }, { name: 'ink', owner: 'me', replaces: null },
    ]);
    await one(tx, 'article', 2).write({ replaces: 1 });
    await tx.flush();
    tx.clear();
    const copies = await tx.env.model('article').browse([1, 2]).copy({ price: 8 });
    expect(copies.ids).toEqual([3, 4]);
    expect(await copies.read(['name', 'price', 'secret', 'owner', 'remarks', 'sizes', 'groups', 'replaces', 'code', 'total'])).toEqual([
      { id: 3, name: 'pen', price: 8, secret: null, owner: 'user null', remarks: [], sizes: [3, 4], groups: [1], replaces: null, code: 'pen/user null', total: 105 },
      { id: 4, name: 'ink', price: 8, secret: null, owner: 'me', remarks: [], sizes: [], groups: [], replaces: 1, code: 'ink/me', total: 0 },
    ]);
    expect((await one(tx, 'article', 1).copy({ sizes: [{ create: { width: 9 } }], groups: [], name: 'brush' })).ids).toEqual([5]);
    await tx.commit();
    tx = await begin();
    expect(await rows('size', 'article', 'width', 'doubled')).toMatchObject([{ article: 1 }, { article: 1 }, { article: 3, width: 2, doubled: 4 }, { article: 3, width: 3 }, { article: 5, width: 9, doubled: 18 }]);
    expect(await rows('product', 'name', 'price')).toMatchObject([{ name: 'pen', price: 3 }, { name: 'ink', price: 1 }, { name: 'pen', price: 8 }, { name: 'ink', price: 8 }, { name: 'brush', price: 3 }]);
    expect(await read('group', 1, 'articles')).toEqual({ id: 1, articles: [1, 3] });
  });

  test('a stored computed value that may be written by hand is copied as it is, others are computed for the copy', async () => {
    await tx.env.model('article').create({ name: 'pen', sizes: [{ create: { width: 2 } }] });
    await one(tx, 'article', 1).write({ total: 77 });
    await one(tx, 'article', 1).copy({ owner: 'me' });
    expect(await read('article', 2, 'total', 'code')).toEqual({ id: 2, total: 77, code: 'pen/me' });
    await one(tx, 'size', 2).write({ width: 5 });
    expect([await read('article', 1, 'total'), await read('article', 2, 'total')]).toEqual([{ id: 1, total: 77 }, { id: 2, total: 5 }]);
  });

  test('copying takes as many statements for twenty records as for two', async () => {
    const make = (count: number): Promise<{ ids: readonly unknown[] }> => tx.env.model('article').create(Array.from({ length: count }, (_, n) => ({ name: `a${String(n)}`, sizes: [{ create: { width: n } }] })));
    const counts: number[] = [];
    for (const count of [2, 20]) {
      const { ids } = await make(count);
      await tx.flush();
      tx.clear();
      counts.push(await counting(tx, () => tx.env.model('article').browse(ids as number[]).copy()));
    }
    expect(counts[1]).toBe(counts[0]);
  });

  test('deleting cascades, empties and is refused as the fields say, and leaves no trace', async () => {
    await tx.env.model('article').create([{ name: 'pen', sizes: [{ create: { width: 2 } }], remarks: [{ create: { text: 'r' } }], groups: [{ create: { name: 'g' } }] }, { name: 'ink', sizes: [{ create: { width: 4 } }] }]);
    await one(tx, 'article', 2).write({ replaces: 1 });
    await one(tx, 'group', 1).load(['articles', 'head']);
    await one(tx, 'size', 1).load(['width']);
    one(tx, 'size', 1).set('width', 7);
    one(tx, 'size', 2).set('width', 8);
    await one(tx, 'article', 1).unlink();
    expect((one(tx, 'group', 1).get('articles') as { ids: unknown }).ids).toEqual([]);
    expect(await read('remark', 1, 'article')).toEqual({ id: 1, article: null });
    expect(await read('article', 2, 'replaces', 'total')).toEqual({ id: 2, replaces: null, total: 8 });
    for (const model of registry.models.values()) {
      for (const field of model.fields.values()) {
        const gone = model.name === 'article' || model.name === 'size' ? 1 : undefined;
        expect([...tx.cache.entries(field)].some(([, id]) => id === gone)).toBe(false);
        expect(tx.tocompute.get(field)).not.toContain(gone);
      }
    }
    expect(tx.towrite.get('size')?.has(1)).toBeFalsy();
    await one(tx, 'group', 1).write({ head: 2 });
    await expect(tx.savepoint(() => one(tx, 'article', 2).unlink())).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
    await tx.commit();
    tx = await begin();
    expect(await rows('size', 'width', 'doubled')).toEqual([{ id: 2, width: 8, doubled: 16 }]);
    expect(await tx.session.count({ model: 'article_group_rel', filter: { kind: 'and', all: [] } })).toBe(0);
  });

  test('a draft that delegates is saved with the record it delegates to', async () => {
    const draft = tx.env.model('article').new({ name: 'pen', sizes: [{ create: { width: 3 } }] });
    const saved = await draft.save();
    expect(await saved.read(['name', 'code', 'total', 'price'])).toEqual([{ id: 1, name: 'pen', code: 'pen/user null', total: 3, price: 1 }]);
    await expect(tx.env.model('article').new({ name: 'x' }).copy()).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
  });
});
