import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from 'ormolu';
import { createDatabase } from '../../test-support/src/index';
import { runFolder } from '../run-folder';

const data = join(__dirname, '..', 'data');

test('what was recorded of ORM operations, results and numbers of statements, holds on a PostgreSQL server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-'));
  const database = await createDatabase();
  try {
    for (const name of readdirSync(data).filter((file) => file.startsWith('orm-') || file === 'departures.json')) cpSync(join(data, name), join(folder, name), { recursive: true });
    const { files } = await runFolder(folder, () => postgres(database.url));
    expect(files.flatMap(({ failures }) => failures)).toEqual([]);
    expect(files.find(({ file }) => file === 'orm-scenarios.json')?.passed).toBeGreaterThan(40);
  } finally {
    await database.drop();
    rmSync(folder, { recursive: true });
  }
}, 120_000);
