import { SameValue, type Session } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { aim, atMost, bench, timeCase, type Timed } from '../harness';
import { cityColumns, FIELDS, SCHEMA } from '../storage/support/cities';

const ROWS = 10_000;
/** Transactions in one timed call. */
const TRANSACTIONS = 50;

interface Setting {
  readonly changeLog: 'triggers' | 'flush' | false;
  readonly sight?: boolean;
  /** Transactions side by side. */
  readonly flows?: number;
}

/** Transactions of one kind on a database of its own, one after the other or several side by side. */
async function transactions({ changeLog, sight = false, flows = 1 }: Setting, work: (session: Session, n: number) => Promise<unknown>, count = TRANSACTIONS): Promise<Timed> {
  const database = await createDatabase();
  const storage = postgres(database.url, { changeLog });
  await storage.migrate(SCHEMA);
  const filling = await storage.open({ schema: SCHEMA });
  await filling.insert({ model: 'city', count: ROWS, fields: FIELDS, columns: cityColumns(ROWS) });
  await filling.commit();
  let n = 0;
  const flow = async (): Promise<void> => {
    for (let done = 0; done < count / flows; done += 1) {
      // Each its own row: others take the next meanwhile.
      const own = n += 1;
      const session = await storage.open({ schema: SCHEMA, sight });
      await work(session, own);
      await session.commit();
    }
  };
  return {
    run: () => Promise.all(Array.from({ length: flows }, flow)),
    close: async () => {
      await storage.close();
      await database.drop();
    },
  };
}

const readOne = (session: Session, n: number): Promise<unknown> => session.read({ model: 'city', ids: [n % ROWS + 1], fields: ['name'] });
const writeOne = (session: Session, n: number): Promise<unknown> => session.update({ model: 'city', ids: [n % ROWS + 1], fields: ['population'], columns: [[n]] });
const writeMany = (ids: readonly number[]) => (session: Session, n: number): Promise<unknown> => session.update({ model: 'city', ids, fields: ['population'], columns: [new SameValue(n)] });
const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

export default bench({
  needsServers: true,
  title: 'PostgreSQL: what the change log costs',
  cases: [
    timeCase({
      name: 'a transaction that writes one row (base: no log); 1.25 is .8 of its throughput',
      target: aim(atMost(1.25)),
      operations: TRANSACTIONS,
      base: () => transactions({ changeLog: false }, writeOne),
      ours: () => transactions({ changeLog: 'triggers' }, writeOne),
    }),
    timeCase({
      name: 'the same, 4 side by side',
      target: aim(atMost(1.25)),
      operations: TRANSACTIONS,
      base: () => transactions({ changeLog: false, flows: 4 }, writeOne),
      ours: () => transactions({ changeLog: 'triggers', flows: 4 }, writeOne),
    }),
    timeCase({
      name: 'the same, the rows of the log sent with the statement',
      operations: TRANSACTIONS,
      base: () => transactions({ changeLog: false }, writeOne),
      ours: () => transactions({ changeLog: 'flush' }, writeOne),
    }),
    timeCase({
      name: 'a transaction that writes 1,000 rows (1,000 rows of the log)',
      operations: 5,
      base: () => transactions({ changeLog: false }, writeMany(ids(1000)), 5),
      ours: () => transactions({ changeLog: 'triggers' }, writeMany(ids(1000)), 5),
    }),
    timeCase({
      name: 'a transaction that writes 10,000 rows (one row of the log)',
      operations: 1,
      base: () => transactions({ changeLog: false }, writeMany(ids(10_000)), 1),
      ours: () => transactions({ changeLog: 'triggers' }, writeMany(ids(10_000)), 1),
    }),
    timeCase({
      name: 'a transaction that reads one row, BEGIN with the poll (base: without)',
      target: aim(atMost(1.2)),
      operations: TRANSACTIONS,
      base: () => transactions({ changeLog: 'triggers' }, readOne),
      ours: () => transactions({ changeLog: 'triggers', sight: true }, readOne),
    }),
    timeCase({
      name: 'BEGIN with the poll and COMMIT, nothing read (base: a transaction that reads one row)',
      operations: TRANSACTIONS,
      base: () => transactions({ changeLog: 'triggers' }, readOne),
      ours: () => transactions({ changeLog: 'triggers', sight: true }, async (session) => session.sight?.()),
    }),
  ],
});
