import { condition, SameValue, Schema } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { reference } from '../../src/compliance/fixture';

const COUNT = 200_000;
const schema = new Schema([{ model: 'node', table: 'node', idColumn: 'id', idType: 'integer', parent: 'parent', versioned: false, order: [], lists: [], columns: [reference('parent', 'node')] }]);

// They were the arguments of one call, and the stack takes about 120,000.
test('a record in memory has as many children as it likes', async () => {
  const storage = memory({ changeLog: false });
  await storage.migrate(schema);
  const session = await storage.open({ schema });
  const [root] = await session.insert({ model: 'node', count: 1, fields: [], columns: [] });
  const children = await session.insert({ model: 'node', count: COUNT, fields: [], columns: [] });
  await session.update({ model: 'node', ids: children, fields: ['parent'], columns: [new SameValue(root)] });
  expect(await session.count({ model: 'node', filter: condition(['id'], 'childOf', root) })).toBe(COUNT + 1);
  await session.rollback();
  await storage.close();
});
