import { char, defineModels, many2many, openOrmolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  post: { title: char(), tags: many2many('tag') },
  tag: { name: char() },
});

onEachStorage('two transactions that link the same records, on', ({ name, open }) => {
  test.each(['read committed', 'repeatable read', 'serializable'] as const)('both succeed at %s', async (isolation) => {
    await using db = await openOrmolu({ models, storage: open() });
    await db.migrate();
    const [post, tag] = await db.transaction(async (env) => [(await env.model('post').create({ title: 'On links' })).id, (await env.model('tag').create({ name: 'links' })).id]);
    // Each has seen the list without the link before either commits; on the one connection of PGlite they come one after the other.
    let waiting = name === 'PGlite' ? 1 : 2;
    let go: () => void = () => undefined;
    const everybodyHasLooked = new Promise<void>((resolve) => {
      go = resolve;
    });
    const link = (): Promise<void> => db.transaction(async (env) => {
      const record = await env.model('post').browse(post).load(['tags']);
      waiting -= 1;
      if (waiting <= 0) go();
      await everybodyHasLooked;
      await record.write({ tags: [{ link: tag }] });
    }, { isolation });
    await Promise.all([link(), link()]);
    await db.transaction(async (env) => {
      const record = await env.model('post').browse(post).load(['tags.name']);
      expect(record.mapped('tags.name')).toEqual(['links']);
    });
  });
});
