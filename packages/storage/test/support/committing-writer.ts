import { Schema } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';

const [dataDir] = process.argv.slice(2);
const schema = new Schema([{
  model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [],
  columns: [{ field: 'name', column: 'name_col', type: 'text', required: false, unique: false, index: false }],
}]);

/** Commits one record, leaves a second uncommitted, and waits to be killed. */
async function main(): Promise<void> {
  const storage = pglite({ dataDir });
  const add = async (name: string, commits: boolean): Promise<void> => {
    const session = await storage.open({ schema });
    await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
    if (commits) await session.commit();
  };
  await storage.migrate(schema);
  await add('committed', true);
  await add('not committed', false);
  process.stdout.write('ready\n');
  setInterval(() => undefined, 1000);
}

void main();
