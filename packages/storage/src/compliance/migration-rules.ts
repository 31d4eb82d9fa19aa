import { EVERYTHING, OrmoluError, type AddedField, type ColumnSchema, type Schema, type Session } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, Tables, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Tables come from the schema, grow with it, and lose nothing. */
export function migrationRules({ describe, test }: ComplianceRunner, fixture: Fixture): void {
  describe('migrations', () => {
    /** Versions of one set of tables. */
    const versions = (): ((columns: readonly ColumnSchema[], more?: (tables: Tables) => Tables) => Schema) => {
      const suffix = Number(/\d+$/.exec(fixture.tables().add('x', []).schema().tables[0]?.table ?? '0')?.[0]);
      return (columns, more = (tables) => tables) => more(new Tables(suffix).add('city', columns)).schema();
    };

    test('a second run does nothing', async () => {
      const version = versions();
      const schema = version([column('name', 'text', { unique: true }), column('size', 'int4', { index: true, required: true }), column('price', 'numeric', { scale: 2 }),
        column('at', 'timestamptz'), column('json', 'jsonb'), reference('twin', 'city', 'set null'), reference('country', 'country', 'cascade')], (tables) => tables.add('country', []));
      ok((await fixture.storage.migrate(schema)).statements.length > 0);
      deepStrictEqual((await fixture.storage.migrate(schema)).statements, []);
    });

    test('two at the same time do it once', async () => {
      const schema = versions()([column('name', 'text', { unique: true })]);
      const reports = await Promise.all([fixture.storage.migrate(schema), fixture.storage.migrate(schema)]);
      strictEqual(reports.filter(({ statements }) => statements.length > 0).length, 1);
    });

    test('columns, tables, references and indexes are added to what exists', async () => {
      const version = versions();
      const first = version([column('name', 'text')]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]));
      const second = version([column('name', 'text', { unique: true, required: true }), column('size', 'int4', { index: true }), reference('country', 'country')], (tables) => tables.add('country', [column('name', 'text')]));
      await fixture.storage.migrate(second);
      await fixture.undone(second, async (session) => {
        deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['a', 'b']);
        deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [null, null]);
        const [country] = await insertRows(session, 'country', [{ name: 'c' }]);
        await session.update({ model: 'city', ids, fields: ['country'], columns: [[country, country]] });
        await rejects(insertRows(session, 'city', [{ name: 'a' }]), withCode('STORAGE_UNIQUE'));
      });
    });

    test('a type is widened where every value keeps its meaning', async () => {
      const version = versions();
      const first = version([column('size', 'int4'), column('price', 'numeric', { scale: 2 })]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ size: 5, price: '1.25' }]));
      const second = version([column('size', 'int8'), column('price', 'numeric', { scale: 3 })]);
      await fixture.storage.migrate(second);
      deepStrictEqual(await fixture.undone(second, async (session) => [await valuesOf(session, 'city', ids, 'size'), await valuesOf(session, 'city', ids, 'price')]), [[5n], ['1.250']]);
    });

    test('a column that refers no more keeps its values, and takes any', async () => {
      const version = versions();
      const first = version([reference('country', 'country')], (tables) => tables.add('country', []));
      await fixture.storage.migrate(first);
      const [country, city] = await fixture.committed(first, async (session) => {
        const [made] = await insertRows(session, 'country', [{}]);
        return [made, (await insertRows(session, 'city', [{ country: made }]))[0]] as const;
      });
      const second = version([column('country', 'int4', { column: 'country_id' })], (tables) => tables.add('country', []));
      strictEqual((await fixture.storage.migrate(second)).statements.length, 1);
      deepStrictEqual((await fixture.storage.migrate(second)).statements, []);
      await fixture.undone(second, async (session) => {
        deepStrictEqual(await valuesOf(session, 'city', [Number(city)], 'country'), [country]);
        await insertRows(session, 'city', [{ country: 999 }]);
        strictEqual((await session.delete('country', [Number(country)])).length, 1);
        deepStrictEqual(await valuesOf(session, 'city', [Number(city)], 'country'), [country]);
      });
    });

    test('what would lose or reinterpret data is refused by name, and nothing is changed', async () => {
      const version = versions();
      const first = version([column('name', 'text'), column('price', 'numeric', { scale: 2 }), reference('other', 'a')], (tables) => tables.add('a', []).add('b', []));
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a' }, { name: 'a' }, { name: null }]));
      const refused: readonly (readonly ColumnSchema[])[] = [
        [column('name', 'int4'), column('fresh', 'text')],
        [column('price', 'numeric', { scale: 1 }), column('fresh', 'text')],
        [column('price', 'float8'), column('fresh', 'text')],
        [column('name', 'text', { required: true }), column('fresh', 'text')],
        [column('name', 'text', { unique: true }), column('fresh', 'text')],
        [column('needed', 'text', { required: true }), column('fresh', 'text')],
        [reference('other', 'b'), column('fresh', 'text')],
      ];
      for (const columns of refused) await rejects(fixture.storage.migrate(version(columns, (tables) => tables.add('a', []).add('b', []))), withCode('STORAGE_MIGRATION_REFUSED'));
      const fresh = version([column('fresh', 'text')]);
      await fixture.undone(fresh, async (session) => rejects(session.query({ model: 'city', filter: EVERYTHING, fields: ['fresh'] }), withCode('STORAGE_NOT_MIGRATED')));
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'name')), ['a', 'a', null]);
    });

    test('a plan says what a migration would do, and changes nothing', async () => {
      const version = versions();
      await fixture.storage.migrate(version([column('name', 'text')]));
      const next = version([column('name', 'text'), column('size', 'int4', { index: true })], (tables) => tables.add('country', [column('name', 'text')]));
      const plan = await fixture.storage.plan(next);
      deepStrictEqual(plan.added, [{ model: 'city', field: 'size' }]);
      deepStrictEqual(await fixture.storage.plan(next), plan);
      deepStrictEqual(await fixture.storage.migrate(next), plan);
      deepStrictEqual(await fixture.storage.plan(next), { statements: [], added: [] });
      await rejects(fixture.storage.plan(version([column('name', 'int4')])), withCode('STORAGE_MIGRATION_REFUSED'));
    });

    test('what was told to be discarded is dropped, field by field, and all else is kept', async () => {
      const version = versions();
      const more = (tables: Tables): Tables => tables.add('a', []).add('b', []);
      const first = version([column('name', 'text', { index: true }), column('size', 'text'), column('old', 'text'), column('kept', 'text'), reference('other', 'a')], more);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a', size: 'b', old: 'c', kept: 'd' }]));
      const second = version([column('name', 'text'), column('size', 'int4'), reference('other', 'b')], more);
      await rejects(fixture.storage.migrate(second, { discard: ['city.size', 'city.old_col', 'city.name'] }), withCode('STORAGE_MIGRATION_REFUSED'));
      await rejects(fixture.storage.migrate(second, { discard: ['town.size'] }), withCode('MODEL_UNKNOWN'));
      const typing = (error: unknown): boolean => withCode('FIELD_UNKNOWN')(error) && String(error).includes("Did you mean 'old_col'?");
      await rejects(fixture.storage.migrate(second, { discard: ['city.size', 'city.odl_col', 'city.other'] }), typing);
      await rejects(fixture.storage.plan(second, { discard: ['city.size', 'city.odl_col', 'city.other'] }), typing);
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'size')), ['b']);
      const discard = ['city.size', 'city.old_col', 'city.other', 'city.name', 'city.id'];
      const { added } = await fixture.storage.migrate(second, { discard });
      deepStrictEqual(added.map(({ field }) => field).sort(), ['other', 'size']);
      await fixture.committed(second, async (session) => {
        deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['a']);
        deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [null]);
        await session.update({ model: 'city', ids, fields: ['size'], columns: [[7]] });
      });
      // Told again, it has nothing to lose.
      deepStrictEqual((await fixture.storage.migrate(second, { discard })).statements, []);
      // A column once dropped opens no door to names that never were.
      await rejects(fixture.storage.migrate(second, { discard: ['city.size', 'city.kpet_col'] }), (error) => withCode('FIELD_UNKNOWN')(error) && String(error).includes("Did you mean 'kept_col'?"));
      deepStrictEqual(await fixture.undone(second, (session) => valuesOf(session, 'city', ids, 'size')), [7]);
      const third = version([column('name', 'text'), column('size', 'int4'), column('old', 'int4'), column('kept', 'text')], more);
      await fixture.storage.migrate(third);
      deepStrictEqual(await fixture.undone(third, async (session) => [await valuesOf(session, 'city', ids, 'old'), await valuesOf(session, 'city', ids, 'kept')]), [[null], ['d']]);
    });

    test('new columns are filled before they are required and unique, and a fill that fails leaves nothing', async () => {
      const version = versions();
      const first = version([column('name', 'text')]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]));
      const second = version([column('name', 'text'), column('code', 'text', { required: true, unique: true }), column('size', 'int4')]);
      const fill = (codes: readonly (string | null)[], failure?: Error) => async (session: Session, added: readonly AddedField[]): Promise<void> => {
        deepStrictEqual(added, [{ model: 'city', field: 'code' }, { model: 'city', field: 'size' }]);
        for await (const batch of session.stream({ model: 'city', filter: EVERYTHING }, { batchSize: 1 })) {
          const at = ids.indexOf(batch.ids[0] ?? 0);
          await session.update({ model: 'city', ids: batch.ids, fields: ['code'], columns: [[codes[at]]] });
        }
        if (failure) throw failure;
      };
      await rejects(fixture.storage.migrate(second, { fill: fill(['x', 'y'], new Error('mine')) }), /^Error: mine$/);
      await rejects(fixture.storage.migrate(second, { fill: fill(['x', 'x']) }), withCode('STORAGE_MIGRATION_REFUSED'));
      await rejects(fixture.storage.migrate(second, { fill: fill(['x', null]) }), withCode('STORAGE_MIGRATION_REFUSED'));
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'name')), ['a', 'b']);
      await fixture.undone(second, async (session) => rejects(session.query({ model: 'city', filter: EVERYTHING, fields: ['code'] }), withCode('STORAGE_NOT_MIGRATED')));
      await fixture.storage.migrate(second, { fill: fill(['x', 'y']) });
      deepStrictEqual(await fixture.undone(second, (session) => valuesOf(session, 'city', ids, 'code')), ['x', 'y']);
      await fixture.storage.migrate(second, { fill: () => Promise.reject(new Error('there is nothing to fill')) });
    });

    test('pairs are unique together, and an insert may leave out those that are there', async () => {
      const version = versions();
      const pairs = (tables: Tables): Tables => tables.add('tag', []).add('city.tag', [reference('city', 'city', 'cascade', { required: true, index: true }), reference('tag', 'tag', 'cascade', { required: true, index: true })], { uniqueTogether: [['city', 'tag']] });
      const schema = version([], pairs);
      await fixture.storage.migrate(schema);
      deepStrictEqual((await fixture.storage.migrate(schema)).statements, []);
      await fixture.undone(schema, async (session) => {
        const [a, b] = await insertRows(session, 'city', [{}, {}]);
        const [x, y] = await insertRows(session, 'tag', [{}, {}]);
        const ids = await insertRows(session, 'city.tag', [{ city: a, tag: x }, { city: a, tag: y }, { city: b, tag: x }]);
        const added = await session.insert({ model: 'city.tag', count: 4, fields: ['city', 'tag'], columns: [[a, b, b, b], [x, y, y, x]], skipsExisting: true });
        strictEqual(added.length, 1);
        deepStrictEqual(await valuesOf(session, 'city.tag', [...ids, ...added], 'city'), [a, a, b, b]);
        deepStrictEqual(await valuesOf(session, 'city.tag', [...ids, ...added], 'tag'), [x, y, x, y]);
        const savepoint = await session.savepoint();
        await rejects(insertRows(session, 'city.tag', [{ city: a, tag: x }]), withCode('STORAGE_UNIQUE'));
        await session.rollbackTo(savepoint);
        await rejects(session.update({ model: 'city.tag', ids: ids.slice(0, 1), fields: ['tag'], columns: [[y]] }), withCode('STORAGE_UNIQUE'));
      });
    });

    test('tables and columns whose names run into the same get indexes each, also beside those that were there', async () => {
      const suffix = Number(/\d+$/.exec(fixture.tables().add('x', []).schema().tables[0]?.table ?? '0')?.[0]);
      // Table a_7 with a column b_7_name, and table a_7_b_7 with a column name.
      const long = (options: Partial<ColumnSchema>): ColumnSchema[] => ['name', 'code'].map((name, n) => column(name, 'text', { column: `b_${String(suffix)}_${name}`, ...n === 0 ? { unique: true } : { index: true }, ...options }));
      const short = [column('name', 'text', { column: 'name', unique: true }), column('code', 'text', { column: 'code', index: true })];
      const other = `a.${String(suffix)}.b`;
      const alone = new Tables(suffix).add('a', long({})).schema();
      await fixture.storage.migrate(alone);
      const plain = { unique: false, index: false };
      for (const columns of [long({}), long(plain), long({})]) {
        const schema = new Tables(suffix).add('a', columns).add(other, short).schema();
        await fixture.storage.migrate(schema);
        deepStrictEqual((await fixture.storage.migrate(schema)).statements, []);
      }
      const both = new Tables(suffix).add('a', long({})).add(other, short).schema();
      for (const model of ['a', other]) {
        await fixture.undone(both, async (session) => {
          await insertRows(session, model, [{ name: 'a' }]);
          await rejects(insertRows(session, model, [{ name: 'a' }]), (error) => withCode('STORAGE_UNIQUE')(error) && OrmoluError.is(error) && error.details['model'] === model && error.details['field'] === 'name');
        });
      }
      // Made in one go as well, and beside an index whose column is a model's no more.
      const next = suffix + 100_000;
      const fresh = new Tables(next).add('a', [column('name', 'text', { column: `b_${String(next)}_name`, index: true })]).add(`a.${String(next)}.b`, [column('name', 'text', { column: 'name', index: true })]);
      await fixture.storage.migrate(fresh.schema());
      deepStrictEqual((await fixture.storage.migrate(fresh.schema())).statements, []);
      const late = suffix + 200_000;
      await fixture.storage.migrate(new Tables(late).add('a', [column('name', 'text', { column: `b_${String(late)}_name`, index: true })]).schema());
      await fixture.storage.migrate(new Tables(late).add('a', []).add(`a.${String(late)}.b`, [column('name', 'text', { column: 'name', index: true })]).schema());
    });

    test('a model without a table says what to do', async () => {
      const schema = fixture.tables().add('nowhere', [column('name', 'text')]).schema();
      await fixture.undone(schema, async (session) => rejects(session.count({ model: 'nowhere', filter: EVERYTHING }), withCode('STORAGE_NOT_MIGRATED')));
    });

    test('a column that is no longer named stays, and may be named again', async () => {
      const version = versions();
      const first = version([column('name', 'text'), column('size', 'int4')]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a', size: 5 }]));
      await fixture.storage.migrate(version([column('name', 'text')]));
      await fixture.storage.migrate(first);
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'size')), [5]);
    });
  });
}
