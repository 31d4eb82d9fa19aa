import { ConcurrentModificationError, ConflictError, EVERYTHING, SameValue, VERSION_FIELD, type Schema, type Session, type StoredId } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, Tables, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Records of versioned models know how often they were changed, whoever changed them. */
export function versionRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('versions', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('country', [column('name', 'text')], { versioned: true })
        .add('city', [column('name', 'text'), reference('country', 'country', 'set null')], { versioned: true })
        .add('plain', [column('name', 'text')]));
    });

    const versions = (session: Session, ids: readonly StoredId[], model = 'city'): Promise<unknown[]> => valuesOf(session, model, ids, VERSION_FIELD);

    test('every update raises the version by one, a reference emptied by the database too', () => fixture.undone(schema, async (session) => {
      const [country = 0] = await insertRows(session, 'country', [{ name: 'a' }]);
      const ids = await insertRows(session, 'city', [{ name: 'a', country }, { name: 'b' }]);
      deepStrictEqual(await versions(session, ids), [1n, 1n]);
      await session.update({ model: 'city', ids, fields: ['name'], columns: [['x', 'y']] });
      await session.update({ model: 'city', ids: ids.slice(1), fields: ['name'], columns: [new SameValue('y')] });
      deepStrictEqual(await versions(session, ids), [2n, 3n]);
      await session.delete('country', [country]);
      deepStrictEqual(await versions(session, ids), [3n, 3n]);
      const changed = await session.query({ model: 'city', filter: { kind: 'condition', path: [VERSION_FIELD], operator: 'gt', value: 1n }, fields: [VERSION_FIELD] });
      deepStrictEqual(changed.columns, [[3n, 3n]]);
    }));

    test('an update writes where the version is the one expected, or none is', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]);
      const [a = 0, b = 0] = ids;
      deepStrictEqual(new Set(await session.update({ model: 'city', ids: [...ids, 2_000_000_000], fields: ['name'], columns: [['x', 'y', 'z']], expected: [1n, null, null] })), new Set(ids));
      deepStrictEqual(await session.update({ model: 'city', ids: [a], fields: ['name'], columns: [new SameValue('x')], expected: [2n] }), [a]);
      deepStrictEqual(await session.update({ model: 'city', ids: [a], fields: [], columns: [], expected: [3n] }), [a]);
      deepStrictEqual(await versions(session, ids), [3n, 2n]);
      deepStrictEqual(await session.delete('city', [b, 2_000_000_000], [2n, null]), [b]);
    }));

    test('another version is an error that names record, expected and found, and nothing is changed', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'secret' }, { name: 'b' }, { name: 'c' }]);
      const [a = 0, b = 0, c = 0] = ids;
      await session.update({ model: 'city', ids: [a], fields: ['name'], columns: [['secret 2']] });
      await session.delete('city', [c]);
      const calls: readonly (readonly [readonly [StoredId, bigint | null][], () => Promise<unknown>])[] = [
        [[[a, 2n]], () => session.update({ model: 'city', ids: [b, a], fields: ['name'], columns: [['x', 'y']], expected: [1n, 1n] })],
        [[[a, 2n], [c, null]], () => session.update({ model: 'city', ids: [a, b, c], fields: ['name'], columns: [new SameValue('x')], expected: [1n, null, 1n] })],
        [[[a, 2n]], () => session.update({ model: 'city', ids: [a], fields: [], columns: [], expected: [1n] })],
        [[[a, 2n], [c, null]], () => session.delete('city', [b, a, c], [1n, 1n, 1n])],
      ];
      for (const [conflicts, call] of calls) {
        const savepoint = await session.savepoint();
        await rejects(call(), (error) => {
          withCode('STORAGE_VERSION', 'secret')(error);
          ok(error instanceof ConcurrentModificationError && !((error as unknown) instanceof ConflictError));
          const [[id, found] = [0, null]] = conflicts;
          deepStrictEqual([error.model, error.id, error.expected, error.found], ['city', id, 1n, found]);
          deepStrictEqual(error.details['conflicts'], conflicts.map(([one, there]) => ({ model: 'city', id: one, expected: 1n, found: there })));
          ok(error.message.includes(String(id)) && error.message.includes('version 1'), error.message);
          return true;
        });
        strictEqual(session.state, 'failed');
        await rejects(session.count({ model: 'city', filter: EVERYTHING }), withCode('STORAGE_SESSION_STATE'));
        await session.rollbackTo(savepoint);
        deepStrictEqual(await valuesOf(session, 'city', [a, b], 'name'), ['secret 2', 'b']);
        deepStrictEqual(await versions(session, [a, b]), [2n, 1n]);
      }
    }));

    test('what another session commits counts', async () => {
      if (!fixture.storage.capabilities.concurrentSessions) return;
      const ids = await fixture.committed(schema, (session) => insertRows(session, 'city', [{ name: 'a' }]));
      for (const isolation of ['read committed', 'repeatable read'] as const) {
        const [read] = await fixture.undone(schema, (session) => versions(session, ids));
        await fixture.committed(schema, (session) => session.update({ model: 'city', ids, fields: ['name'], columns: [['b']] }));
        await fixture.undone(schema, async (session) => {
          await rejects(session.update({ model: 'city', ids, fields: ['name'], columns: [['c']], expected: [read as bigint] }), withCode('STORAGE_VERSION'));
        }, { isolation });
      }
    });

    test('nobody writes a version, and only versioned models have one', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'a' }]);
      await rejects(session.update({ model: 'city', ids, fields: [VERSION_FIELD], columns: [[7n]] }), withCode('STORAGE_VERSION_WRITTEN'));
      await rejects(insertRows(session, 'city', [{ [VERSION_FIELD]: 7n }]), withCode('STORAGE_VERSION_WRITTEN'));
      await rejects(session.update({ model: 'plain', ids: [1], fields: ['name'], columns: [['x']], expected: [1n] }), withCode('STORAGE_NOT_VERSIONED'));
      await rejects(session.delete('plain', [1], [1n]), withCode('STORAGE_NOT_VERSIONED'));
      await rejects(session.read({ model: 'plain', ids: [1], fields: [VERSION_FIELD] }), withCode('FIELD_UNKNOWN'));
      strictEqual(session.state, 'open');
    }));

    test('a model that becomes versioned keeps its records, who do not know of it raise versions too, and a second run does nothing', async () => {
      const suffix = Number(/\d+$/.exec(fixture.tables().add('x', []).schema().tables[0]?.table ?? '0')?.[0]);
      const before = new Tables(suffix).add('town', [column('name', 'text')]).schema();
      const after = new Tables(suffix).add('town', [column('name', 'text'), column('size', 'int4')], { versioned: true }).schema();
      await fixture.storage.migrate(before);
      const ids = await fixture.committed(before, (session) => insertRows(session, 'town', [{ name: 'a' }, { name: 'b' }]));
      ok((await fixture.storage.migrate(after)).statements.length > 0);
      deepStrictEqual((await fixture.storage.migrate(after)).statements, []);
      await fixture.committed(before, (session) => session.update({ model: 'town', ids: ids.slice(1), fields: ['name'], columns: [['c']] }));
      deepStrictEqual(await fixture.undone(after, (session) => versions(session, ids, 'town')), [1n, 2n]);
    });
  });
}
