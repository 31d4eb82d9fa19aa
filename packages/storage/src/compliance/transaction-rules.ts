import { ConflictError, EVERYTHING, holding, type Schema, type Session, type StoredId } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** All or nothing, snapshots, savepoints, and what happens between transactions. */
export function transactionRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('transactions', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables().add('city', [column('name', 'text'), column('size', 'int4')]));
    });

    const count = (session: Session): Promise<number> => session.count({ model: 'city', filter: EVERYTHING });
    const add = (session: Session, name: string): Promise<readonly StoredId[]> => insertRows(session, 'city', [{ name, size: 0 }]);
    const rename = (session: Session, ids: readonly StoredId[], name: string): Promise<readonly StoredId[]> => (
      session.update({ model: 'city', ids, fields: ['name'], columns: [ids.map(() => name)] }));
    const name = async (session: Session, ids: readonly StoredId[]): Promise<unknown> => (await valuesOf(session, 'city', ids, 'name'))[0];

    test('a commit makes all true, a rollback nothing', async () => {
      const ids = await fixture.committed(schema, (session) => add(session, 'kept'));
      await fixture.undone(schema, (session) => rename(session, ids, 'lost'));
      strictEqual(await fixture.undone(schema, (session) => name(session, ids)), 'kept');
    });

    test('a session that is given up takes nothing but its rollback, as far as it can be, and nothing of it stays', async () => {
      const ids = await fixture.committed(schema, (session) => add(session, 'kept'));
      const session = await fixture.storage.open({ schema });
      if (!session.abandon) {
        await session.rollback();
        return;
      }
      await rename(session, ids, 'lost');
      const savepoint = await session.savepoint();
      session.abandon();
      for (const call of [count(session), session.rollbackTo(savepoint), session.commit()]) await rejects(call, withCode('STORAGE_SESSION_STATE'));
      await session.rollback();
      strictEqual(session.state, 'rolled back');
      strictEqual(await fixture.undone(schema, (next) => name(next, ids)), 'kept');
    });

    test('a session that is over refuses every call, and rolling back again does nothing', async () => {
      const session = await fixture.storage.open({ schema });
      strictEqual(session.state, 'open');
      await session.commit();
      strictEqual(session.state, 'committed');
      for (const call of [() => count(session), () => session.commit(), () => session.savepoint(), () => add(session, 'x')]) await rejects(call(), withCode('STORAGE_SESSION_STATE'));
      await session.rollback();
      strictEqual(session.state, 'committed');
      const other = await fixture.storage.open({ schema });
      await other.rollback();
      await other.rollback();
      strictEqual(other.state, 'rolled back');
    });

    test('calls that overlap are done one after the other', () => fixture.undone(schema, async (session) => {
      const before = await count(session);
      const [ids, after] = await Promise.all([add(session, 'x'), count(session), add(session, 'y')]);
      strictEqual(after, before + 1);
      strictEqual(await name(session, ids), 'x');
    }));

    test('savepoints nest; what is rolled back is gone, what is released stays', () => fixture.undone(schema, async (session) => {
      const ids = await add(session, 'a');
      const outer = await session.savepoint();
      await rename(session, ids, 'b');
      const inner = await session.savepoint();
      deepStrictEqual([outer.depth, inner.depth], [1, 2]);
      await rename(session, ids, 'c');
      await session.rollbackTo(inner);
      strictEqual(await name(session, ids), 'b');
      const second = await session.savepoint();
      await rename(session, ids, 'd');
      await session.release(second);
      strictEqual(await name(session, ids), 'd');
      await session.rollbackTo(outer);
      strictEqual(await name(session, ids), 'a');
      for (const gone of [outer, inner, second]) await rejects(session.rollbackTo(gone), withCode('STORAGE_SAVEPOINT_GONE'));
      strictEqual(session.state, 'open');
    }));

    test('a savepoint around others takes them with it', () => fixture.undone(schema, async (session) => {
      const outer = await session.savepoint();
      const inner = await session.savepoint();
      await add(session, 'x');
      await session.release(outer);
      await rejects(session.release(inner), withCode('STORAGE_SAVEPOINT_GONE'));
      const empty = await session.savepoint();
      await session.rollbackTo(empty);
      ok(await count(session) > 0);
    }));

    test('a failed session cannot commit, and is rolled back by trying', async () => {
      const ids = await fixture.committed(schema, (session) => add(session, 'first'));
      const session = await fixture.storage.open({ schema });
      await rename(session, ids, 'second');
      await rejects(session.insert({ model: 'city', count: 1, fields: [], columns: [], ids }), withCode('STORAGE_UNIQUE'));
      await rejects(session.commit(), withCode('STORAGE_SESSION_STATE'));
      strictEqual(session.state, 'rolled back');
      strictEqual(await fixture.undone(schema, (next) => name(next, ids)), 'first');
    });

    test('a read-only session reads and refuses to write', () => fixture.undone(schema, async (session) => {
      await count(session);
      await rejects(add(session, 'x'), withCode('STORAGE_READ_ONLY'));
    }, { readOnly: true }));

    test('statements are counted by session and storage', async () => {
      const before = fixture.storage.statements;
      const statements = await fixture.committed(schema, async (session) => {
        await count(session);
        return session.statements;
      });
      ok(statements >= 1);
      ok(fixture.storage.statements - before >= statements);
    });

    test('sessions of several flows are all served', async () => {
      const before = await fixture.undone(schema, count);
      await Promise.all(Array.from({ length: 8 }, (_, n) => fixture.committed(schema, (session) => add(session, `flow ${String(n)}`))));
      strictEqual(await fixture.undone(schema, count), before + 8);
    });

    test('a session inside another one is served, or refused where there is one connection', async () => {
      const outer = await fixture.storage.open({ schema });
      await holding(outer, async () => {
        if (fixture.storage.capabilities.concurrentSessions) strictEqual(typeof await fixture.undone(schema, count), 'number');
        else await rejects(fixture.storage.open({ schema }), withCode('STORAGE_SESSION_NESTED'));
      });
      await outer.rollback();
      await holding(outer, async () => strictEqual(typeof await fixture.undone(schema, count), 'number'));
    });

    test('closing inside a session is refused, and the storage stays open', async () => {
      const outer = await fixture.storage.open({ schema });
      await holding(outer, () => rejects(fixture.storage.close(), withCode('STORAGE_CLOSE_NESTED')));
      await outer.rollback();
      await holding(outer, async () => strictEqual(typeof await fixture.undone(schema, count), 'number'));
    });

    test('a snapshot does not see what others commit later; read committed does', async () => {
      if (!fixture.storage.capabilities.concurrentSessions) {
        strictEqual(fixture.storage.capabilities.concurrentSessions, false); // no two sessions at a time, nothing to see
        return;
      }
      const ids = await fixture.committed(schema, (session) => add(session, 'old'));
      for (const [isolation, seen] of [['repeatable read', 'old'], ['serializable', 'old'], ['read committed', 'new']] as const) {
        await fixture.committed(schema, (session) => rename(session, ids, 'old'));
        await fixture.undone(schema, async (reader) => {
          strictEqual(await name(reader, ids), 'old');
          await fixture.committed(schema, (writer) => rename(writer, ids, 'new'));
          strictEqual(await name(reader, ids), seen, isolation);
        }, { isolation });
      }
    });

    test('who changes a record second gets a conflict', async () => {
      if (!fixture.storage.capabilities.concurrentSessions) return;
      const ids = await fixture.committed(schema, (session) => add(session, 'old'));
      await fixture.undone(schema, async (second) => {
        await count(second);
        await fixture.committed(schema, (first) => rename(first, ids, 'first'));
        await rejects(rename(second, ids, 'second'), ConflictError);
        strictEqual(second.state, 'failed');
      });
      const first = await fixture.storage.open({ schema });
      const second = await fixture.storage.open({ schema });
      await count(second);
      await rename(first, ids, 'won');
      const refusal = rename(second, ids, 'lost').then(() => undefined, (error: unknown) => error);
      await first.commit();
      ok(await refusal instanceof ConflictError);
      await second.rollback();
      strictEqual(await fixture.undone(schema, (session) => name(session, ids)), 'won');
    });

    test('two who add the same row at once, each unless it is there, both come to where it is there', async () => {
      const pairs = await fixture.migrated(fixture.tables().add('pair', [column('left', 'int4'), column('right', 'int4')], { uniqueTogether: [['left', 'right']] }));
      const insert = (session: Session, left: number): Promise<readonly StoredId[]> => (
        session.insert({ model: 'pair', count: 1, fields: ['left', 'right'], columns: [[left], [1]], skipsExisting: true }));
      for (const [left, isolation] of (['read committed', 'repeatable read', 'serializable'] as const).entries()) {
        const first = await fixture.storage.open({ schema: pairs, isolation });
        if (fixture.storage.capabilities.concurrentSessions) {
          const second = await fixture.storage.open({ schema: pairs, isolation });
          await second.count({ model: 'pair', filter: EVERYTHING }); // its snapshot is older than the row
          await insert(first, left);
          const refusal = insert(second, left).then(() => second.commit()).then(() => undefined, (error: unknown) => error);
          await first.commit();
          // Left out, or told to do the work again; that the row must be unique is no news to who asks for it so.
          const told = await refusal;
          ok(told === undefined || told instanceof ConflictError, isolation);
          await second.rollback();
        } else {
          await insert(first, left);
          await first.commit();
        }
        deepStrictEqual(await fixture.committed(pairs, (session) => insert(session, left), { isolation }), [], isolation);
        strictEqual(await fixture.undone(pairs, (session) => session.count({ model: 'pair', filter: EVERYTHING })), left + 1);
      }
    });

    test('what a savepoint took back is free for others', async () => {
      if (!fixture.storage.capabilities.concurrentSessions) return;
      const ids = await fixture.committed(schema, (session) => add(session, 'old'));
      await fixture.undone(schema, async (first) => {
        const savepoint = await first.savepoint();
        await rename(first, ids, 'taken back');
        await first.rollbackTo(savepoint);
        await fixture.committed(schema, (second) => rename(second, ids, 'second'));
      });
      strictEqual(await fixture.undone(schema, (session) => name(session, ids)), 'second');
    });

    test('serializable transactions refuse write skew', async () => {
      if (!fixture.storage.capabilities.concurrentSessions) return;
      const isolation = 'serializable';
      const [a, b] = await fixture.committed(schema, (session) => insertRows(session, 'city', [{ name: 'skew', size: 1 }, { name: 'skew', size: 1 }]));
      const sessions = [await fixture.storage.open({ schema, isolation }), await fixture.storage.open({ schema, isolation })];
      const write = async (session: Session, id: StoredId): Promise<void> => {
        const { ids } = await session.query({ model: 'city', filter: { kind: 'condition', path: ['name'], operator: 'eq', value: 'skew' } });
        strictEqual(ids.length, 2);
        await session.update({ model: 'city', ids: [id], fields: ['size'], columns: [[0]] });
      };
      const refusals: unknown[] = [];
      const noting = (error: unknown): number => refusals.push(error);
      await Promise.all(sessions.map((session, n) => write(session, (n === 0 ? a : b) ?? 0).catch(noting)));
      for (const session of sessions) await session.commit().catch(noting);
      strictEqual(refusals.filter((error) => error instanceof ConflictError).length, 1);
    });
  });
}
