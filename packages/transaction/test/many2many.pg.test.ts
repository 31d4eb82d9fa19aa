import type { StoredId } from '@ormolu/kernel';
import type { Transaction } from '../src/index';
import { blog } from './support/blog';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const registry = blog.registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('author').create([{ name: 'Ann' }, { name: 'Bob' }]);
    await tx.env.model('tag').create([{ name: 'red', weight: 1 }, { name: 'green', weight: 2 }, { name: 'blue', weight: 3 }]);
    await tx.env.model('post').create([{ name: 'p', author: 1, tags: [1, 2] }, { name: 'q', author: 2, tags: [2] }, { name: 'r' }]);
    await tx.flush();
    tx.clear();
  });

  const ids = (model: string, id: StoredId, field: string): Promise<readonly unknown[]> => tx.run(() => (one(tx, model, id).get(field) as { ids: readonly unknown[] }).ids);
  const value = (model: string, id: StoredId, field: string): Promise<unknown> => tx.run(() => one(tx, model, id).get(field));

  test('lists of both sides are read in one statement a level, whatever the number of records', async () => {
    const posts = tx.env.model('post').browse([1, 2, 3]);
    expect(await counting(tx, () => posts.load(['tags.name']))).toBe(2);
    expect([...posts].map((post) => (post.get('tags') as { ids: unknown }).ids)).toEqual([[1, 2], [2], []]);
    expect((posts.mapped('tags.name') as readonly unknown[])).toEqual(['red', 'green']);
    expect(await counting(tx, () => tx.run(() => [...tx.env.model('tag').browse([1, 2, 3])].map((tag) => tag.get('posts'))))).toBe(1);
    expect(await ids('tag', 2, 'posts')).toEqual([1, 2]);
  });

  test('writing a list changes only what differs, in one INSERT and one DELETE, and both sides follow', async () => {
    await tx.env.model('post').browse([1, 2, 3]).load(['tags', 'author']);
    await tx.env.model('tag').browse([1, 2, 3]).load(['posts']);
    expect(await counting(tx, () => one(tx, 'post', 1).write({ tags: [2, 3] }))).toBe(2);
    expect(await ids('tag', 1, 'posts')).toEqual([]);
    expect(await ids('tag', 3, 'posts')).toEqual([1]);
    await one(tx, 'tag', 1).write({ posts: tx.env.model('post').browse([2, 3]) });
    expect(await ids('post', 2, 'tags')).toEqual([2, 1]);
    expect(await counting(tx, () => one(tx, 'tag', 1).write({ posts: [3, 2] }))).toBe(0);
    await tx.commit();
    tx = await begin();
    expect(await ids('post', 1, 'tags')).toEqual([2, 3]);
    expect(await ids('post', 2, 'tags')).toEqual([1, 2]);
  });

  test('assigned in memory, the changes of many records wait and go out together', async () => {
    const posts = tx.env.model('post').browse([1, 2, 3]);
    await posts.load(['tags']);
    for (const post of posts) post.set('tags', [3]);
    expect([...tx.pairs.of('post_tag_rel')].length).toBe(6);
    expect(await ids('tag', 3, 'posts')).toEqual([1, 2, 3]);
    await tx.flush();
    expect([...tx.pairs.of('post_tag_rel')]).toEqual([]);
    tx.clear();
    expect(await ids('tag', 3, 'posts')).toEqual([1, 2, 3]);
    expect(await ids('tag', 2, 'posts')).toEqual([]);
  });

  test('a change and its opposite write nothing', async () => {
    await one(tx, 'post', 1).load(['tags', 'name']);
    one(tx, 'post', 1).set('tags', []);
    one(tx, 'post', 1).set('tags', [2, 1]);
    expect(tx.pairs.tables()).toEqual([]);
  });

  test('assigning a list that is not in memory says what to do, and inside a run fetches it', async () => {
    expect(() => {
      one(tx, 'post', 1).set('tags', [3]);
    }).toThrow(/tags is not loaded/);
    await tx.run(() => {
      one(tx, 'post', 1).set('tags', [3]);
    });
    expect(await ids('post', 1, 'tags')).toEqual([3]);
  });

  test('what depends on a list, or on records through it, is computed again, on both sides and further on', async () => {
    expect(await value('post', 1, 'tagNames')).toBe('green,red');
    await one(tx, 'post', 1).write({ tags: [3] });
    expect(await value('post', 1, 'tagNames')).toBe('blue');
    expect(await value('post', 1, 'tagCount')).toBe(1);
    expect(await value('author', 1, 'tagNames')).toBe('blue');
    expect(await value('tag', 1, 'postCount')).toBe(0);
    expect(await value('tag', 3, 'postNames')).toBe('p');
    await one(tx, 'tag', 2).write({ name: 'lime', posts: [1, 2, 3] });
    await tx.flush();
    tx.clear();
    expect(await value('post', 3, 'tagNames')).toBe('lime');
    expect(await value('post', 1, 'tagNames')).toBe('blue,lime');
    expect(await value('author', 2, 'tagNames')).toBe('lime');
    expect(await value('tag', 2, 'postCount')).toBe(3);
  });

  test('a rename finds its dependents through a relation table whose other side has no field', async () => {
    await one(tx, 'post', 1).write({ likes: [2] });
    await tx.flush();
    tx.clear();
    expect(await value('post', 1, 'likers')).toBe('Bob');
    await one(tx, 'author', 2).write({ name: 'Bill' });
    expect(await value('post', 1, 'likers')).toBe('Bill');
  });

  test('filters look through relation tables, pending changes included', async () => {
    await one(tx, 'post', 3).load(['tags']);
    one(tx, 'post', 3).set('tags', [3]);
    expect((await tx.env.model('post').search({ 'tags.name': 'blue' })).ids).toEqual([3]);
    expect((await tx.env.model('post').search({ tags: { in: [1] } })).ids).toEqual([1]);
    expect((await tx.env.model('tag').search({ 'posts.author.name': 'Bob' })).ids).toEqual([2]);
  });

  test('lists are read again corrected by what is pending', async () => {
    await one(tx, 'post', 1).load(['tags']);
    one(tx, 'post', 1).set('tags', [3]);
    tx.cache.invalidate();
    expect(await ids('post', 1, 'tags')).toEqual([3]);
    expect(await ids('tag', 3, 'posts')).toEqual([1]);
    expect(await ids('tag', 1, 'posts')).toEqual([]);
  });

  test('a rollback to a savepoint gives lists, queue and rows back', async () => {
    await tx.env.model('post').browse([1, 2]).load(['tags']);
    one(tx, 'post', 2).set('tags', [1]);
    await expect(tx.savepoint(async () => {
      await one(tx, 'post', 1).write({ tags: [3] });
      await tx.flush();
      one(tx, 'post', 2).set('tags', []);
      throw new Error('back');
    }, { flush: false })).rejects.toThrow('back');
    expect(await ids('post', 1, 'tags')).toEqual([1, 2]);
    expect(await ids('post', 2, 'tags')).toEqual([1]);
    await tx.commit();
    tx = await begin();
    expect(await ids('tag', 1, 'posts')).toEqual([1, 2]);
    expect(await ids('tag', 3, 'posts')).toEqual([]);
  });

  test('rows removed by a savepoint that was rolled back are found again when they are removed for good', async () => {
    await one(tx, 'post', 1).load(['tags']);
    await expect(tx.savepoint(async () => {
      await one(tx, 'post', 1).write({ tags: [3] });
      throw new Error('back');
    })).rejects.toThrow('back');
    await one(tx, 'post', 1).write({ tags: [3] });
    await one(tx, 'post', 1).write({ tags: [] });
    await tx.commit();
    tx = await begin();
    expect(await ids('post', 1, 'tags')).toEqual([]);
  });

  test('deleting a record takes it out of lists, and marks those who depended on them', async () => {
    await tx.env.model('post').browse([1, 2]).load(['tags', 'tagNames']);
    await one(tx, 'tag', 2).unlink();
    expect(await ids('post', 1, 'tags')).toEqual([1]);
    expect(await value('post', 1, 'tagNames')).toBe('red');
    expect(await value('post', 2, 'tagCount')).toBe(0);
    await one(tx, 'author', 1).unlink();
    expect(await value('tag', 1, 'postCount')).toBe(0);
    await tx.commit();
    tx = await begin();
    expect(await value('tag', 1, 'postCount')).toBe(0);
    expect(await value('post', 2, 'tagNames')).toBe('');
  });
});
