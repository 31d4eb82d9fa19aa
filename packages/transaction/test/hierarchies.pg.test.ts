import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { library } from './support/library';
import { one } from './support/open';

everywhere(library.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;

  beforeEach(async () => {
    tx = await begin();
    ({ env } = tx);
    // 1 > 2 > 3, 1 > 4; 5 by itself.
    await env.model('shelf').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }, { name: 'd', parent: 1 }, { name: 'e' }]);
    await tx.flush();
  });

  const below = async (ids: unknown): Promise<readonly unknown[]> => (await env.model('shelf').search({ id: { childOf: ids } }, { order: ['id'] })).ids;
  const above = async (ids: unknown): Promise<readonly unknown[]> => (await env.model('shelf').search({ id: { parentOf: ids } }, { order: ['id'] })).ids;

  test('of several records are those below or above any of them, each once; of none nothing', async () => {
    expect([await below([2, 4]), await below([1, 3]), await below([]), await below(99)]).toEqual([[2, 3, 4], [1, 2, 3, 4], [], []]);
    expect([await above([3, 4]), await above([2, 3]), await above([])]).toEqual([[1, 2, 3, 4], [1, 2, 3], []]);
    expect((await env.model('shelf').search({ not: { id: { childOf: 1 } } })).ids).toEqual([5]);
  });

  test('parents that are pending count, in one flush', async () => {
    one(tx, 'shelf', 5).set('parent', one(tx, 'shelf', 3));
    one(tx, 'shelf', 3).set('parent', null);
    expect([await below(3), await below(1), await above(5)]).toEqual([[3, 5], [1, 2, 4], [3, 5]]);
    expect(await env.model('book').count({ shelf: { childOf: 3 } })).toBe(0);
  });

  test('a circle is gone round once', async () => {
    one(tx, 'shelf', 1).set('parent', one(tx, 'shelf', 3));
    expect([await below(2), await above(2)]).toEqual([[1, 2, 3, 4], [1, 2, 3]]);
    one(tx, 'shelf', 5).set('parent', one(tx, 'shelf', 5));
    expect([await below(5), await above(5)]).toEqual([[5], [5]]);
  });

  test('it takes a statement, however deep; drafts are not looked for', async () => {
    let parent = 5;
    for (let depth = 0; depth < 8; depth += 1) parent = Number((await env.model('shelf').create({ name: 'x', parent })).ids[0]);
    expect(await counting(tx, () => below(5))).toBe(1);
    expect((await below(5)).length).toBe(9);
    const draft = env.model('shelf').new({ name: 'q', parent: one(tx, 'shelf', 5) });
    expect((await below(5)).length).toBe(9);
    await expect(below(draft)).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
  });

  test('a reference leads to an archived record, lists and browse show it, and its own search does not', async () => {
    await env.model('author').create([{ name: 'Poe', active: false }, { name: 'Eco' }]);
    await env.model('book').create({ name: 'a', shelf: 1, authors: [1, 2], active: false });
    await tx.flush();
    tx.clear();
    expect((await one(tx, 'book', 1).read(['authors', 'active']))[0]).toEqual({ id: 1, authors: [1, 2], active: false });
    expect((await one(tx, 'shelf', 1).read(['books', 'bookCount']))[0]).toEqual({ id: 1, books: [1], bookCount: 1 });
    expect((await env.model('author').search()).ids).toEqual([2]);
    expect((await env.model('author').browse([1, 2]).exists()).ids).toEqual([1, 2]);
    expect((await env.withContext({ activeTest: false }).model('author').search()).ids).toEqual([1, 2]);
    expect(await env.withContext({ activeTest: true }).model('author').count()).toBe(1);
    one(tx, 'author', 1).set('active', true);
    expect(await env.model('author').count()).toBe(2);
  });

  test('what exists is asked of the database and of what is pending, and drafts are there', async () => {
    const draft = env.model('shelf').new({ name: 'q' });
    expect((await env.model('shelf').browse([5, 99, 1]).exists()).ids).toEqual([5, 1]);
    expect((await env.model('shelf').browse([]).exists()).ids).toEqual([]);
    await one(tx, 'shelf', 5).unlink();
    expect((await env.model('shelf').browse([5, 1]).exists()).ids).toEqual([1]);
    expect((await draft.exists()).length).toBe(1);
  });
});
