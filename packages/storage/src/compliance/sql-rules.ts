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

    rules('a text or a parameter that has no form is refused before anything is sent', () => alone(async (session) => {
      await rejects(session.sql("select '\0'", []), withCode('STORAGE_SQL_REFUSED'));
      for (const value of ['\0', [1, '\ud800'], { a: 1n }, [{ a: 1n }], { a: '\0' }, Symbol('none'), () => 1]) await rejects(session.sql('select $1', [value]), withCode('STORAGE_VALUE'), typeof value);
      strictEqual(session.state, 'open');
      deepStrictEqual(await session.sql('select 1 as one', []), [{ one: 1 }]);
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

    rules('what functions set and lock that it calls is forgotten before anybody else has the connection', async () => {
      const name = `leaves_${fixture.tables().schema().digest.replaceAll(/\W/g, '').slice(0, 12).toLowerCase()}`;
      await alone((session) => session.sql(`create or replace function ${name}() returns void language plpgsql as $$ begin
        perform set_config('work_mem', '5MB', false), pg_advisory_lock(4711);
        create temp table if not exists only_there (n int4);
      end $$`, []));
      const schema = fixture.tables().schema();
      for (const end of ['commit', 'rollback'] as const) {
        const session = await fixture.storage.open({ schema });
        await session.sql(`select ${name}()`, []);
        await session[end]();
        const locks = (): Promise<readonly unknown[]> => alone((next) => next.sql("select 1 from pg_locks where locktype = 'advisory' and objid = 4711", []));
        for (let tries = 0; tries < 1000 && (await locks()).length > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 1); });
        deepStrictEqual(await locks(), [], end);
        // As many at once as it takes to meet the connection.
        const sessions: Session[] = [];
        for (let n = 0; n < (fixture.storage.capabilities.concurrentSessions ? 6 : 1); n += 1) sessions.push(await fixture.storage.open({ schema }));
        for (const next of sessions) {
          deepStrictEqual(await next.sql("select current_setting('work_mem') = '5MB' as set, to_regclass('only_there') is null as gone", []), [{ set: false, gone: true }], end);
        }
        for (const next of sessions) await next.rollback();
      }
      await alone((session) => session.sql(`drop function ${name}()`, []));
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
