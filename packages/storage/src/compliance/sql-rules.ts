import type { Session } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Statements of a caller's own, on storages that take any. */
export function sqlRules({ describe, test }: ComplianceRunner, fixture: Fixture): void {
  describe('statements of one\'s own', () => {
    const rules = (name: string, run: () => Promise<void>): void => {
      test(name, async () => {
        if (fixture.storage.capabilities.sql) return run();
        const schema = fixture.tables().schema();
        return fixture.undone(schema, (session) => rejects(session.sql('select 1', []), withCode('STORAGE_SQL_UNSUPPORTED')));
      });
    };
    const alone = <T>(work: (session: Session) => Promise<T>): Promise<T> => fixture.committed(fixture.tables().schema(), work);

    rules('an empty one, and one of comments alone, answer nothing', () => alone(async (session) => {
      for (const text of ['', '  ', '-- x', '/* x */', ';']) deepStrictEqual(await session.sql(text, []), [], text);
      deepStrictEqual(await session.sql('select 1 as one', []), [{ one: 1 }]);
      strictEqual(session.state, 'open');
    }));

    rules('a COPY from or to the client is refused, however it is written, and what was before stays', async () => {
      const schema = await fixture.migrated(fixture.tables().add('city', [column('name', 'text')]));
      const table = schema.table('city').table;
      await fixture.undone(schema, async (session) => {
        const ids = await insertRows(session, 'city', [{ name: 'copy' }]);
        for (const text of [`copy ${table} from stdin`, `copy ${table} from /* */ stdin`, `copy ${table} from -- x\n stdin`, `copy ${table} to stdout`, `copy (select 1) to /* */ stdout with csv`]) {
          const savepoint = await session.savepoint();
          await rejects(session.sql(text, []), withCode('STORAGE_SQL_REFUSED'), text);
          strictEqual(session.state, 'failed');
          await session.rollbackTo(savepoint);
          deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['copy']);
        }
        // What only looks like one is none.
        deepStrictEqual(await session.sql("select 'copy x from stdin' as text", []), [{ text: 'copy x from stdin' }]);
      });
    });

    rules('what it sets ends with the transaction, committed or not', async () => {
      const now = (session: Session): Promise<unknown> => session.sql("select current_setting('search_path') as path, current_setting('statement_timeout') as timeout, current_setting('work_mem') as memory", []);
      const before = await alone(now);
      for (const end of ['commit', 'rollback'] as const) {
        for (const text of ["set search_path = 'pg_catalog'", 'set session statement_timeout = 54321', "/* x */ set work_mem = '5MB'", "select set_config('work_mem', '5MB', false)", "do $$ begin perform set_config('work_mem', '5MB', false); end $$", "set local work_mem = '5MB'"]) {
          const session = await fixture.storage.open({ schema: fixture.tables().schema() });
          await session.sql(text, []);
          await session[end]();
          deepStrictEqual(await alone(now), before, `${text}; ${end}`);
        }
      }
      const session = await fixture.storage.open({ schema: fixture.tables().schema() });
      await session.sql('create temp table only_here (n int4)', []);
      await session.commit();
      strictEqual((await alone((next) => next.sql("select to_regclass('only_here') is null as gone", [])))[0]?.['gone'], true);
    });

    rules('what is set for the transaction alone costs no round trip', async () => {
      const counted = async (text: string): Promise<number> => {
        const before = fixture.storage.statements;
        await alone((session) => session.sql(text, []));
        return fixture.storage.statements - before;
      };
      const plain = await counted('select 1');
      strictEqual(await counted("set local work_mem = '5MB'"), plain);
    });
  });
}
