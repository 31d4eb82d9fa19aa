import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { aim, atMost, bench, timeCase, type Timed } from '../harness';

const READ = 'select id, name, code, state_id, country_id, population, lat, lon from city where id = any($1::int4[])';
const UPDATE = 'update city t set code = u.a, population = u.b from unnest($1::int4[], $2::text[], $3::int4[]) as u(i, a, b) where t.id = u.i returning t.id';
const ROWS = 20_000;

const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** Statements as our sessions send them, one after the other, under a name that the server keeps their plan by, or without. */
async function statements(text: string, values: unknown[], { isNamed, times }: { readonly isNamed: boolean; readonly times: number }): Promise<Timed> {
  const { url, drop } = await createDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create table city as select n as id, 'City ' || n as name, 'C' as code, n as state_id, n as country_id, n as population, n::float8 as lat, n::float8 as lon from generate_series(1, ${String(ROWS)}) n`);
  await client.query('alter table city add primary key (id)');
  await client.query('vacuum analyze city');
  return {
    before: () => client.query('begin'),
    run: async () => {
      for (let n = 0; n < times; n++) await client.query({ ...isNamed && { name: 'kept' }, text, values });
      await client.query('rollback');
    },
    close: async () => {
      await client.end();
      await drop();
    },
  };
}

const compared = (name: string, text: string, values: unknown[], times: number): ReturnType<typeof timeCase> => timeCase({
  name: `${name}, named / unnamed`, target: aim(atMost(1.2)), operations: times,
  base: () => statements(text, values, { isNamed: false, times }), ours: () => statements(text, values, { isNamed: true, times }),
});

export default bench({
  title: 'Would statements that the server keeps under a name be faster?',
  needsServers: true,
  cases: [
    compared('read 1 × 8', READ, [ids(1)], 500),
    compared('read 1,000 × 8', READ, [ids(1000)], 50),
    compared('update 1', UPDATE, [ids(1), ['y'], [1]], 300),
    compared('update 1,000', UPDATE, [ids(1000), ids(1000).map(String), ids(1000)], 20),
  ],
});
