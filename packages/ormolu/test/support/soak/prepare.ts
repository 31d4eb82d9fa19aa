// Makes the tables of the world and what stands in them, in a process of its own: a broken engine makes a broken change log.
import { postgres } from '@ormolu/storage/postgres';
import { Client } from 'pg';
import { filling, TITLES } from './foreign-writer';
import { BAGS, DUTIES, RELOADED, WORLD } from './world';

async function prepare(url: string): Promise<void> {
  const storage = postgres(url);
  try {
    for (const schema of [WORLD, RELOADED]) await storage.migrate(schema);
  } finally {
    await storage.close();
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`insert into soak_bag (id, name, title) select n, chr(96 + 1 + n % 3), ${TITLES} from generate_series(1, $1::int) n`, [BAGS]);
    await client.query(filling(1));
    await client.query('insert into soak_duty (id, "isOn") select n, true from generate_series(1, $1::int) n', [DUTIES]);
  } finally {
    await client.end();
  }
}

prepare(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
