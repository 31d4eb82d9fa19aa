import { ConcurrentModificationError } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const registry = defineModels({
  page: { title: char(), views: integer(), shout: char({ store: true }), book: many2one('book', { onDelete: 'cascade' }) },
  book: { name: char(), pages: one2many('page', 'book') },
})
  .compute('page', 'shout', ['title'], (page) => `${page.title ?? ''}!`)
  .options('page', { versioned: true })
  .registry();

/** Changes a page past the transaction's memory, as another would. */
const elsewhere = (tx: Transaction, id: number): Promise<unknown> => tx.session.update({ model: 'page', ids: [id], fields: ['views'], columns: [[99]] });

async function modification(work: () => Promise<unknown>): Promise<unknown> {
  const error: unknown = await work().then(() => undefined, (thrown: unknown) => thrown);
  return error instanceof ConcurrentModificationError ? [error.code, error.model, error.id, error.expected, error.found] : error;
}

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin({ concurrency: 'optimistic' });
    await tx.env.model('book').create({ name: 'atlas' });
    await tx.env.model('page').create([{ title: 'a', views: 1, book: 1 }, { title: 'b', views: 2, book: 1 }]);
    await tx.flush();
    tx.clear();
  });

  test('an update demands the version that came with the values, and names the record when it is another', async () => {
    await tx.env.model('page').browse([1, 2]).load(['views']);
    await elsewhere(tx, 2);
    for (const page of tx.env.model('page').browse([1, 2])) page.set('views', 5);
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 2, 2n, 3n]);
    expect(tx.state).toBe('failed');
  });

  test('a search brings the versions of what it finds', async () => {
    const found = await tx.env.model('page').search({ title: 'a' });
    await elsewhere(tx, 1);
    await found.write({ views: 7 });
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test('a list brings the versions of its members', async () => {
    await one(tx, 'book', 1).load(['pages']);
    await elsewhere(tx, 1);
    await one(tx, 'page', 1).write({ views: 7 });
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test('a delete demands the version, too', async () => {
    await one(tx, 'page', 1).load(['title']);
    await elsewhere(tx, 1);
    expect(await modification(() => one(tx, 'page', 1).unlink())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test('a record that is gone is found with no version', async () => {
    await one(tx, 'page', 1).load(['title']);
    await tx.session.delete('page', [1]);
    one(tx, 'page', 1).set('title', 'A');
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, null]);
  });

  test('a draft is saved to its origin only when that has the version it was read with', async () => {
    const draft = tx.env.model('page').new({ views: 3 }, { origin: 1 });
    await draft.load(['title']);
    await elsewhere(tx, 1);
    await draft.save();
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test("one's own updates are no surprise, and cost no statement more", async () => {
    const page = one(tx, 'page', 1);
    await page.load(['title', 'views']);
    page.set('title', 'A');
    // The stored compute of the same record goes with it.
    expect(await counting(tx, () => tx.flush())).toBe(1);
    page.set('views', 8);
    expect(await counting(tx, () => tx.flush())).toBe(1);
    await page.unlink();
    expect(tx.state).toBe('open');
  });

  test('what cascades or is created is its own as well', async () => {
    const made = await tx.env.model('page').create({ title: 'c', book: 1 });
    await made.write({ title: 'd' });
    await tx.flush();
    await tx.env.model('page').browse([1, 2]).load(['title']);
    await one(tx, 'book', 1).unlink();
    expect(await tx.env.model('page').count()).toBe(0);
  });

  test('a rollback brings back the versions known before', async () => {
    const page = one(tx, 'page', 1);
    await page.load(['views']);
    await tx.savepoint(async () => {
      page.set('views', 4);
      await tx.flush();
      throw new Error('on second thoughts');
    }).catch(() => undefined);
    await elsewhere(tx, 1);
    page.set('views', 5);
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test('a version read behind a write that was taken back goes with it', async () => {
    await tx.savepoint(async () => {
      one(tx, 'page', 2).set('views', 4);
      await tx.flush();
      await elsewhere(tx, 1);
      await one(tx, 'page', 1).load(['views']);
      throw new Error('on second thoughts');
    }).catch(() => undefined);
    await one(tx, 'page', 1).load(['views']);
    one(tx, 'page', 1).set('views', 5);
    await tx.flush();
    expect((await tx.readStored('page', [1], ['views'])).columns).toEqual([[5]]);
  });

  test('after a rollback to a savepoint, who forgets the record and reads it anew may write it', async () => {
    const page = one(tx, 'page', 1);
    await page.load(['views']);
    await elsewhere(tx, 1);
    const attempt = (): Promise<void> => tx.savepoint(() => {
      page.set('views', Number(page.get('views')) + 1);
    });
    expect(await modification(attempt)).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
    page.invalidate(['views']);
    await page.load(['views']);
    expect(await modification(attempt)).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
    page.invalidate();
    await page.load(['views']);
    await attempt();
    expect((await tx.readStored('page', [1], ['views'])).columns).toEqual([[100]]);
  });

  test('a pending value keeps the version that it may have been worked out from', async () => {
    const page = one(tx, 'page', 1);
    await page.load(['views']);
    await elsewhere(tx, 1);
    page.set('views', Number(page.get('views')) + 1);
    page.invalidate();
    await page.load(['title']);
    expect(await modification(() => tx.flush())).toEqual(['STORAGE_VERSION', 'page', 1, 2n, 3n]);
  });

  test('what was not read may have any version', async () => {
    await elsewhere(tx, 1);
    one(tx, 'page', 1).set('views', 5);
    await tx.flush();
    expect((await tx.readStored('page', [1], ['views'])).columns).toEqual([[5]]);
  });

  test('records of models without versions, and transactions that are not optimistic, ask for none', async () => {
    await one(tx, 'book', 1).load(['name']);
    one(tx, 'book', 1).set('name', 'A');
    await tx.flush();
    await tx.commit();
    const plain = await begin();
    await one(plain, 'page', 1).load(['views']);
    await elsewhere(plain, 1);
    one(plain, 'page', 1).set('views', 5);
    await plain.flush();
    expect(plain.state).toBe('open');
  });
});
