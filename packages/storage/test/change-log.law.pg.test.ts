import type { Session } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { Client } from 'pg';
import { inSight, judge, look, SCHEMA, writes, type Look } from './support/log-world';

jest.setTimeout(300_000);

/** What happens to one database: writers outside, each with a transaction of its own, and a process that looks. */
const scripts = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), writer: fc.nat(1), text: writes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tell' as const), writer: fc.nat(1), text: fc.constantFrom('begin', 'begin isolation level serializable', 'rollback', 'savepoint s', 'rollback to s', 'set local session_replication_role = replica') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tell' as const), writer: fc.nat(1), text: fc.constantFrom('begin', 'commit') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const), holds: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'let go' as const }) },
), { minLength: 8, maxLength: 30, size: 'max' });

const EMPTY = 'delete from street_1; delete from city_1; delete from country_1; insert into country_1 (id) values (1), (2); insert into city_1 (id, country_id) values (1, 1), (2, 2), (3, 1), (4, 2); insert into street_1 (id, city_id) values (1, 1), (2, 2)';

interface Judged {
  hits: number;
  misses: number;
}

/** Whatever is true must come out as true or as a miss, and what differs as a miss: never the other way. */
function check(reader: Look, filled: Look, judged: Judged): void {
  for (const { tag, reason, differs } of judge(reader, filled)) {
    if (differs && reason === undefined) expect({ tag, reason }).toEqual({ tag, reason: 'a miss, because it differs' });
    if (reason === undefined) judged.hits += 1;
    else judged.misses += 1;
  }
}

test('law: on PostgreSQL, whoever writes and commits in whatever order, what differs between two snapshots is never taken for the same', async () => {
  const database = await createDatabase();
  const storage = postgres({ connectionString: database.url, options: '-c lock_timeout=15' });
  await storage.migrate(SCHEMA);
  const outside = await Promise.all([0, 1].map(async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query('set lock_timeout = 15');
    return client;
  }));
  const judged: Judged = { hits: 0, misses: 0 };
  const run = async (client: Client, text: string): Promise<void> => {
    // What the other writer or a reader keeps it from doing is not done, and its transaction is over.
    await client.query(text).catch(() => client.query('rollback'));
  };
  await fc.assert(fc.asyncProperty(scripts, async (script) => {
    const looks: Look[] = [];
    const held: Session[] = [];
    const letGo = async (): Promise<void> => {
      for (const session of held.splice(0)) await session.rollback();
    };
    for (const client of outside) await client.query('rollback');
    await outside[0]?.query(EMPTY);
    try {
      for (const step of script) {
        if (step.kind === 'write' || step.kind === 'tell') await run(outside[step.writer] ?? fail(), step.text);
        else if (step.kind === 'let go') await letGo();
        else {
          const session = await inSight(storage);
          // A table that is just being emptied lets nobody read it.
          const mine = await look(session).catch(() => undefined);
          if (!mine) {
            await session.rollback();
            continue;
          }
          for (const other of looks) {
            check(mine, other, judged);
            check(other, mine, judged);
          }
          looks.push(mine);
          if (step.holds) held.push(session);
          else await session.rollback();
        }
      }
    } finally {
      await letGo();
    }
    // A script takes seconds to shrink where it waits for locks; the seed repeats it as it is.
  }), { numRuns: lawRuns(60), endOnFailure: true });
  for (const client of outside) await client.end();
  await storage.close();
  await database.drop();
  expect(judged.hits).toBeGreaterThan(lawRuns(500));
  expect(judged.misses).toBeGreaterThan(lawRuns(500));
});

test('law: on PGlite, what differs between two transactions is never taken for the same', async () => {
  const storage = pglite();
  await storage.migrate(SCHEMA);
  const judged: Judged = { hits: 0, misses: 0 };
  const run = async (text: string): Promise<void> => {
    const session = await storage.open({ schema: SCHEMA });
    try {
      await session.sql(text, []);
      await session.commit();
    } catch {
      await session.rollback();
    }
  };
  await fc.assert(fc.asyncProperty(scripts, async (script) => {
    const looks: Look[] = [];
    for (const text of EMPTY.split('; ')) await run(text);
    for (const step of script) {
      if (step.kind === 'write') await run(step.text);
      if (step.kind !== 'look') continue;
      const session = await inSight(storage);
      const mine = await look(session);
      await session.rollback();
      for (const other of looks) check(mine, other, judged);
      looks.push(mine);
    }
  }), { numRuns: lawRuns(20) });
  await storage.close();
  expect(judged.hits).toBeGreaterThan(lawRuns(200));
  expect(judged.misses).toBeGreaterThan(lawRuns(200));
});

function fail(): never {
  throw new Error('There is no such writer.');
}
