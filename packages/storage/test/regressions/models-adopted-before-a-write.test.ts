import { Schema, type Storage, type TableSchema } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';

const table = (model: string): TableSchema => ({
  model, table: model, idColumn: 'id', idType: 'integer', columns: [{ field: 'name', column: 'name', type: 'text', required: false, unique: false, index: false }], lists: [], order: [], versioned: false,
});

test.each<[string, () => Storage]>([['memory', () => memory()], ['PGlite', () => pglite()]])('a session of %s that adopts other models writes records of one that it did not begin with', async (_, open) => {
  const storage = open();
  const all = new Schema([table('city'), table('mayor')]);
  await storage.migrate(all);
  const session = await storage.open({ schema: new Schema([table('city')]), sight: true });
  session.adopt(all);
  expect(await session.insert({ model: 'mayor', count: 1, fields: ['name'], columns: [['Ann']] })).toEqual([1]);
  await session.commit();
  await storage.close();
});
