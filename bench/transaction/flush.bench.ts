import type { Session } from '@ormolu/kernel';
import { char, defineModels, integer } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { Transaction } from '@ormolu/transaction';
import { Client } from 'pg';
import { aim, atMost, bench, figureCase, timeCase, type FigureCase, type TimeCase } from '../harness';

const models = defineModels({ thing: { name: char(), size: integer() } });

interface Home {
  readonly url: string;
  readonly session: Session;
  readonly tx: Transaction;
  readonly close: () => Promise<void>;
}

async function filled(count: number): Promise<Home> {
  const database = await createDatabase();
  const { schema } = models.registry();
  const storage = postgres(database.url);
  await storage.migrate(schema);
  const filling = await storage.open({ schema });
  const all = Array.from({ length: count }, (_, n) => n);
  await filling.insert({ model: 'thing', count, fields: ['name', 'size'], columns: [all.map((n) => `thing ${String(n)}`), all] });
  await filling.commit();
  const session = await storage.open({ schema });
  return {
    url: database.url, session,
    tx: new Transaction({ registry: models.registry(), session, rung: new StorageRung() }),
    async close() {
      await session.rollback();
      await storage.close();
      await database.drop();
    },
  };
}

function distinct(count: number): TimeCase {
  return timeCase({
    name: `flush of ${count.toLocaleString('en')} distinct values against the hand-written UPDATE … FROM unnest`,
    target: aim(atMost(1.15)),
    operations: count,
    base: async () => {
      const home = await filled(count);
      const client = new Client({ connectionString: home.url });
      await client.connect();
      const ids = Array.from({ length: count }, (_, n) => n + 1);
      let round = 0;
      let values: number[] = [];
      await client.query('begin');
      await client.query('savepoint s');
      return {
        before: async () => {
          round += 1;
          values = ids.map((id) => id + round);
          // As on the other side, so that both write rows in the same state.
          await client.query('rollback to savepoint s');
        },
        run: () => client.query('update thing set size = v.size from unnest($1::int4[], $2::int4[]) as v(id, size) where thing.id = v.id', [ids, values]),
        close: async () => {
          await client.query('rollback');
          await client.end();
          await home.close();
        },
      };
    },
    ours: async () => {
      const { tx, close } = await filled(count);
      const field = tx.registry.field('thing', 'size');
      const things = tx.env.model('thing').browse(Array.from({ length: count }, (_, n) => n + 1));
      await things.load(['size']);
      let round = 0;
      let savepoint = await tx.savepoint();
      return {
        before: async () => {
          round += 1;
          await savepoint.rollback();
          savepoint = await tx.savepoint();
          tx.cache.update(things, field, things.ids.map((id) => Number(id) + round), { dirty: true });
        },
        run: () => tx.flush(),
        close,
      };
    },
  });
}

function statements(count: number): FigureCase {
  return figureCase({
    name: `statements of a flush of ${count.toLocaleString('en')} distinct values`,
    unit: 'statements',
    target: aim(atMost(1)),
    rounds: 5,
    measure: async () => {
      const { tx, session, close } = await filled(count);
      const things = tx.env.model('thing').browse(Array.from({ length: count }, (_, n) => n + 1));
      await things.load(['size']);
      for (const thing of things) thing.set('size', -Number(thing.id));
      const before = session.statements;
      await tx.flush();
      const statements = session.statements - before;
      await close();
      return statements;
    },
  });
}

export default bench({
  title: 'Flush, on PostgreSQL',
  needsServers: true,
  cases: [
    ...[1_000, 10_000, 100_000].map(distinct),
    ...[1_000, 10_000, 100_000].map(statements),
  ],
});
