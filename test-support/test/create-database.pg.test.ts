import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';

async function databaseName(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    return rows[0]?.name;
  } finally {
    await client.end();
  }
}

test('each call gives an empty database of its own, which can be dropped while somebody is connected', async () => {
  const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
  expect(await databaseName(one.url)).not.toBe(await databaseName(other.url));

  const left = new Client({ connectionString: one.url });
  const ended = new Promise((resolve) => left.on('error', resolve));
  await left.connect();
  await Promise.all([one.drop(), other.drop()]);
  await ended;
  await expect(databaseName(one.url)).rejects.toThrow('does not exist');
});
