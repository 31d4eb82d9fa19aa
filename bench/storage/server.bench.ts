import { EVERYTHING, SameValue, type Session } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { aim, atMost, bench, timeCase, type Timed } from '../harness';
import { FIELDS, cityColumns, handArrays, SCHEMA } from './support/cities';

const NAMES = FIELDS.join(', ');
const INSERT = `insert into city (${NAMES}) select * from unnest(${handArrays(FIELDS.length)})`;

interface Hand {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** A table of its own with so many cities, and hand-written `pg` on it inside an open transaction. */
async function hand(count: number): Promise<Hand> {
  const database = await createDatabase();
  // Without the triggers of the change log: what they cost is a cost of ours.
  const storage = postgres(database.url, { changeLog: false });
  await storage.migrate(SCHEMA);
  await storage.close();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  if (count > 0) await client.query(INSERT, [...cityColumns(count)]);
  await client.query('vacuum analyze city');
  await client.query('begin isolation level repeatable read');
  return {
    client,
    async close() {
      await client.end();
      await database.drop();
    },
  };
}

/** The same through our session. */
async function ours(count: number): Promise<{ readonly session: Session; readonly close: () => Promise<void> }> {
  const database = await createDatabase();
  const storage = postgres(database.url);
  await storage.migrate(SCHEMA);
  const filling = await storage.open({ schema: SCHEMA });
  if (count > 0) await filling.insert({ model: 'city', count, fields: FIELDS, columns: cityColumns(count) });
  await filling.commit();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('vacuum analyze city');
  await client.end();
  const session = await storage.open({ schema: SCHEMA });
  return {
    session,
    async close() {
      await session.rollback();
      await storage.close();
      await database.drop();
    },
  };
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** Runs inside a savepoint that the next round takes back, so that every round meets the same table. */
function undoing(session: Session, run: () => Promise<unknown>, close: () => Promise<void>): Timed {
  let savepoint = session.savepoint();
  return {
    run,
    before: async () => {
      await session.rollbackTo(await savepoint);
      savepoint = session.savepoint();
      await savepoint;
      await session.sql('select 1', []);
    },
    close,
  };
}

async function handUndoing({ client, close }: Hand, run: () => Promise<unknown>): Promise<Timed> {
  await client.query('savepoint s');
  return { run, before: () => client.query('rollback to savepoint s'), close };
}

const sizes = [10_000, 100_000] as const;

export default bench({
  needsServers: true,
  title: 'PostgreSQL: our session beside hand-written statements on pg',
  cases: [
    timeCase({
      name: 'load 100,000 × 8 by ids, to columns (base: rows of pg)',
      target: aim(atMost(1)),
      operations: 100_000,
      base: async () => {
        const { client, close } = await hand(100_000);
        const list = ids(100_000);
        return { run: () => client.query(`select id, ${NAMES} from city where id = any($1::int4[])`, [list]), close };
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        const list = ids(100_000);
        return { run: () => session.read({ model: 'city', ids: list, fields: FIELDS }), close };
      },
    }),
    timeCase({
      name: 'load 100,000 × 8 by filter, in order of id (base: rows of pg)',
      target: aim(atMost(1)),
      operations: 100_000,
      base: async () => {
        const { client, close } = await hand(100_000);
        return { run: () => client.query(`select id, ${NAMES} from city order by id`), close };
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        return { run: () => session.query({ model: 'city', filter: EVERYTHING, fields: FIELDS }), close };
      },
    }),
    timeCase({
      name: 'load 100,000 × 8, to columns (base: binary COPY, its bytes unread)',
      operations: 100_000,
      base: async () => {
        const { client, close } = await hand(100_000);
        return {
          run: async () => {
            let bytes = 0;
            for await (const chunk of client.query(copyTo(`copy (select id, ${NAMES} from city) to stdout (format binary)`)) as AsyncIterable<Buffer>) bytes += chunk.length;
            return bytes;
          },
          close,
        };
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        return { run: () => session.query({ model: 'city', filter: EVERYTHING, fields: FIELDS }), close };
      },
    }),
    timeCase({
      name: 'insert 100,000 × 8, ids included (base: COPY FROM, its text made before)',
      operations: 100_000,
      base: async () => {
        const side = await hand(0);
        const columns = cityColumns(100_000);
        const text = Array.from({ length: 100_000 }, (_, n) => columns.map((column) => String(column[n])).join('\t')).join('\n');
        return handUndoing(side, () => pipeline(Readable.from([text]), side.client.query(copyFrom(`copy city (${NAMES}) from stdin`))));
      },
      ours: async () => {
        const { session, close } = await ours(0);
        const columns = cityColumns(100_000);
        return undoing(session, () => session.insert({ model: 'city', count: 100_000, fields: FIELDS, columns }), close);
      },
    }),
    timeCase({
      name: 'read one record by id',
      target: aim(atMost(1.3)),
      operations: 100,
      base: async () => {
        const { client, close } = await hand(100_000);
        return {
          run: async () => {
            for (let id = 1; id <= 100; id += 1) await client.query(`select id, ${NAMES} from city where id = $1`, [id * 997]);
          },
          close,
        };
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        return {
          run: async () => {
            for (let id = 1; id <= 100; id += 1) await session.read({ model: 'city', ids: [id * 997], fields: FIELDS });
          },
          close,
        };
      },
    }),
    ...sizes.map((count) => timeCase({
      name: `insert ${count.toLocaleString('en')} × 8, ids included`,
      target: aim(atMost(1.3)),
      operations: count,
      base: async () => {
        const side = await hand(0);
        const columns = [...cityColumns(count)];
        return handUndoing(side, () => side.client.query(`${INSERT} returning id`, columns));
      },
      ours: async () => {
        const { session, close } = await ours(0);
        const columns = cityColumns(count);
        return undoing(session, () => session.insert({ model: 'city', count, fields: FIELDS, columns }), close);
      },
    })),
    ...sizes.map((count) => timeCase({
      name: `update ${count.toLocaleString('en')} × 2, differing values`,
      target: aim(atMost(1.2)),
      operations: count,
      base: async () => {
        const side = await hand(100_000);
        const list = ids(count);
        const texts = list.map(String);
        return handUndoing(side, () => side.client.query('update city t set name = u.a, population = u.b from unnest($1::int4[], $2::text[], $3::int4[]) as u(i, a, b) where t.id = u.i', [list, texts, list]));
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        const list = ids(count);
        const texts = list.map(String);
        return undoing(session, () => session.update({ model: 'city', ids: list, fields: ['name', 'population'], columns: [texts, list] }), close);
      },
    })),
    timeCase({
      name: 'update 100,000, one value, ids found included',
      target: aim(atMost(1.2)),
      operations: 100_000,
      base: async () => {
        const side = await hand(100_000);
        const list = ids(100_000);
        return handUndoing(side, () => side.client.query('update city set population = $2 where id = any($1::int4[]) returning id', [list, 7]));
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        const list = ids(100_000);
        return undoing(session, () => session.update({ model: 'city', ids: list, fields: ['population'], columns: [new SameValue(7)] }), close);
      },
    }),
    ...sizes.map((count) => timeCase({
      name: `delete ${count.toLocaleString('en')}, ids found included`,
      target: aim(atMost(1.2)),
      operations: count,
      base: async () => {
        const side = await hand(100_000);
        const list = ids(count);
        return handUndoing(side, () => side.client.query('delete from city where id = any($1::int4[]) returning id', [list]));
      },
      ours: async () => {
        const { session, close } = await ours(100_000);
        const list = ids(count);
        return undoing(session, () => session.delete('city', list), close);
      },
    })),
  ],
});
