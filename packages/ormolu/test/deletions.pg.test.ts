import { char, defineModels, integer, many2many, many2one, one2many, openOrmolu, type EnvironmentOf } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  post: { name: char(), tags: many2many('tag'), cover: many2one('picture'), pictures: one2many('picture', 'post') },
  tag: { name: char(), posts: many2many('post') },
  picture: { name: char(), post: many2one('post', { onDelete: 'cascade' }), covers: one2many('post', 'cover') },
  order: { name: char(), lines: one2many('line', 'order'), total: integer({ store: false }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), product: many2one('product'), quantity: integer() },
  product: { name: char(), lines: one2many('line', 'product') },
}).compute('order', 'total', ['lines.quantity'], (order) => [...order.lines].reduce((sum, line) => sum + (line.quantity ?? 0), 0));

async function fill(env: EnvironmentOf<typeof models>): Promise<void> {
  await env.model('tag').create(['a', 'b', 'c', 'd'].map((name) => ({ name })));
  await env.model('post').create([{ name: 'one', tags: [{ link: 1 }, { link: 2 }, { link: 3 }] }, { name: 'two', tags: [{ link: 3 }, { link: 4 }] }, { name: 'three', tags: [{ link: 1 }, { link: 3 }] }]);
  await env.model('picture').create([{ name: 'p', post: 1 }, { name: 'q', post: 1 }]);
  await env.model('post').browse(2).write({ cover: 1 });
  await env.model('product').create([{ name: 'nail' }, { name: 'glue' }]);
  await env.model('order').create([{ name: 'o', lines: [{ create: { product: 1, quantity: 2 } }, { create: { product: 2, quantity: 3 } }] }, { name: 'p', lines: [{ create: { product: 1, quantity: 5 } }] }]);
}

// The local cache makes transactions learn what their own statements change beside what they say: cascades are among it, and are followed.
describe.each([undefined, false] as const)('with the option localCache: %s', (localCache) => {
  onEachStorage('deletions, on', ({ open }) => {
    test('a list command that deletes is done whole, and what is in memory is what is stored', async () => {
      await using db = await openOrmolu({ models, storage: open(), localCache });
      await db.migrate();
      await db.transaction((env) => fill(env));
      await db.transaction(async (env) => {
        const post = env.model('post').browse(1);
        await post.write({ name: 'whole', tags: [{ delete: 1 }, { link: 4 }, { create: { name: 'e' } }], pictures: [{ delete: 1 }] });
        await post.load(['tags.name', 'pictures.name', 'name']);
        expect([post.name, post.mapped('tags.name'), post.mapped('pictures.name')]).toEqual(['whole', ['b', 'c', 'd', 'e'], ['q']]);
      });
      await db.transaction(async (env) => {
        const posts = await env.model('post').search({}).then((all) => all.load(['tags.name', 'cover']));
        expect([...posts].map((post) => [...post.tags].map((tag) => tag.name))).toEqual([['b', 'c', 'd', 'e'], ['c', 'd'], ['c']]);
        expect([...posts].map((post) => post.cover)).toEqual([null, null, null]);
      });
    });

  });

  onEachStorage('what goes with a deleted record, on', ({ open }) => {
    test('memory stays warm: lists follow what foreign keys do, read before or not', async () => {
      await using db = await openOrmolu({ models, storage: open(), localCache });
      await db.migrate();
      await db.transaction((env) => fill(env));
      await db.transaction(async (env) => {
        // The third post's list is not in memory.
        const posts = await env.model('post').browse([1, 2]).load(['tags.name', 'cover']);
        const orders = await env.model('order').search({}).then((all) => all.load(['lines.product', 'total']));
        await env.model('tag').browse(3).unlink();
        expect([...posts].map((post) => [...post.tags].map((tag) => tag.name))).toEqual([['a', 'b'], ['d']]);
        await env.model('product').browse(1).unlink();
        expect([...orders].map((order) => [[...order.lines].map((line) => line.product?.id ?? null), order.total])).toEqual([[[null, 2], 5], [[null], 5]]);
        await env.model('picture').browse(1).unlink();
        expect([...posts].map((post) => post.cover)).toEqual([null, null]);
        const third = await env.model('post').browse(3).load(['tags.name']);
        expect(third.mapped('tags.name')).toEqual(['a']);
      });
    });
  });
});
