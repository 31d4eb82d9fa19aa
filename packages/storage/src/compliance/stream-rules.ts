import { EVERYTHING, SameValue, type Columns, type Query, type Schema, type Session } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

const COUNT = 2500;

/** Results of any size, a batch at a time. */
export function streamRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('streams', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables().add('city', [column('name', 'text'), column('size', 'int4')]));
      const sizes = Array.from({ length: COUNT }, (_, n) => (n * 7919) % COUNT);
      await fixture.committed(schema, (session) => session.insert({ model: 'city', count: COUNT, fields: ['size', 'name'], columns: [sizes, sizes.map((size) => size % 10 === 0 ? null : `n${String(size)}`)] }));
    });

    const all: Query = { model: 'city', filter: EVERYTHING, order: [{ path: ['size'], direction: 'asc' }], fields: ['size', 'name'] };
    const collected = async (stream: AsyncIterable<Columns>): Promise<Columns[]> => {
      const batches: Columns[] = [];
      for await (const batch of stream) batches.push(batch);
      return batches;
    };
    const next = (iterator: AsyncIterator<Columns>): Promise<IteratorResult<Columns, unknown>> => iterator.next();

    test('the batches together are what a query answers, none is empty, none holds more than asked', () => fixture.undone(schema, async (session) => {
      const whole = await session.query(all);
      for (const [options, sizes] of [[{}, [1000, 1000, 500]], [{ batchSize: 1250 }, [1250, 1250]], [{ batchSize: 9999 }, [2500]]] as const) {
        const batches = await collected(session.stream(all, options));
        deepStrictEqual(batches.map(({ ids }) => ids.length), sizes);
        deepStrictEqual({ ids: batches.flatMap(({ ids }) => ids), columns: [0, 1].map((c) => batches.flatMap(({ columns }) => columns[c])) }, whole);
      }
      deepStrictEqual(await collected(session.stream({ ...all, filter: { kind: 'or', any: [] } })), []);
      deepStrictEqual((await collected(session.stream({ ...all, limit: 3, offset: 2400 }, { batchSize: 2 }))).map(({ columns: [sizes] }) => sizes), [[2400, 2401], [2402]]);
    }));

    test('other calls are made between batches, and what they write is not seen', () => fixture.undone(schema, async (session) => {
      let seen = 0;
      for await (const { ids, columns: [sizes = []] } of session.stream(all, { batchSize: 500 })) {
        deepStrictEqual(sizes, Array.from({ length: 500 }, (_, n) => seen + n));
        seen += ids.length;
        await session.update({ model: 'city', ids, fields: ['size'], columns: [new SameValue(-1)] });
        await insertRows(session, 'city', [{ size: COUNT }]);
      }
      strictEqual(seen, COUNT);
      strictEqual(await session.count({ model: 'city', filter: { kind: 'condition', path: ['size'], operator: 'eq', value: -1 } }), COUNT);
    }));

    test('several streams go on side by side, and leaving one early lets go of it', () => fixture.undone(schema, async (session) => {
      for await (const { columns: [sizes = []] } of session.stream(all, { batchSize: 2 })) {
        for await (const inner of session.stream(all, { batchSize: 1 })) {
          deepStrictEqual(inner.columns[0], [0]);
          break;
        }
        if (sizes[0] === 4) break;
      }
      strictEqual(await session.count(all), COUNT);
    }));

    test('a stream ends with the rollback that takes it back, and with its session', async () => {
      const session: Session = await fixture.storage.open({ schema });
      try {
        const before = session.stream(all, { batchSize: 1 })[Symbol.asyncIterator]();
        ok(!(await next(before)).done);
        const savepoint = await session.savepoint();
        const inside = session.stream(all, { batchSize: 1 })[Symbol.asyncIterator]();
        ok(!(await next(inside)).done);
        await session.rollbackTo(savepoint);
        await rejects(next(inside), withCode('STORAGE_STREAM_GONE'));
        strictEqual(session.state, 'open');
        ok(!(await next(before)).done);
        await session.commit();
        await rejects(next(before), withCode('STORAGE_SESSION_STATE'));
      } finally {
        await session.rollback();
      }
    });

    test('what means nothing is refused before it is sent', () => fixture.undone(schema, async (session) => {
      for (const batchSize of [0, -1, 1.5, NaN, 1e12]) await rejects(collected(session.stream(all, { batchSize })), withCode('QUERY_BOUND'));
      await rejects(collected(session.stream({ ...all, limit: -1 })), withCode('QUERY_BOUND'));
      await rejects(collected(session.stream({ ...all, fields: ['nmae'] })), withCode('FIELD_UNKNOWN'));
      strictEqual(session.state, 'open');
    }));
  });
}
