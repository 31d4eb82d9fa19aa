import { EVERYTHING, OrmoluError, Schema, type ColumnSchema, type Storage, type TableSchema } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { lawRuns } from '@ormolu/test-support';
import fc from 'fast-check';
import { column } from '../src/compliance/fixture';

const FIELDS = ['f', 'g', 'h', 'i'] as const;

/** A column as one version of the models has it; the names of columns are few, so that versions meet. */
const columns = fc.record({
  type: fc.constantFrom('text', 'int4', 'int8', 'numeric', 'bool'), scale: fc.constantFrom(1, 2, 3), required: fc.boolean(), unique: fc.boolean(), index: fc.boolean(), target: fc.constantFrom(undefined, undefined, 'a', 'b'),
} as const).map(({ type, scale, target, required, unique, index }) => (field: string): ColumnSchema => (
  target === undefined
    ? column(field, type, { required: required && unique, unique, index, ...type === 'numeric' && { scale } })
    : column(`${field}_ref`, 'int4', { references: { model: target, onDelete: required ? 'cascade' : 'set null' }, index })));

const tables = fc.array(fc.option(columns), { minLength: FIELDS.length, maxLength: FIELDS.length })
  .map((made) => made.flatMap((make, n) => make ? [make(FIELDS[n]!)] : []));
const versions = fc.array(fc.record({ a: tables, b: tables }), { minLength: 5, maxLength: 5 });

const reference = (model: string): ColumnSchema => column('h_ref', 'int4', { references: { model, onDelete: 'set null' } });

let run = 0;

function schemaOf(version: { readonly a: readonly ColumnSchema[]; readonly b: readonly ColumnSchema[] }, prefix: string): Schema {
  return new Schema((['a', 'b'] as const).map((model): TableSchema => ({ model, table: `${prefix}_${model}`, idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: version[model] })));
}

/** A value that differs from row to row, so that unique fields take it. */
function valueOf({ type, scale, references }: ColumnSchema, n: number): unknown {
  if (references) return null;
  switch (type) {
    case 'text': return `text ${n}`;
    case 'int8': return BigInt(n) * 10_000_000_000n;
    case 'numeric': return `${n}.${'1'.repeat(scale ?? 0)}`;
    case 'bool': return n % 2 === 0;
    default: return n;
  }
}

/** What is there, as texts that do not change when a type is widened. */
async function dump(storage: Storage, schema: Schema): Promise<Map<string, string>> {
  const cells = new Map<string, string>();
  const session = await storage.open({ schema });
  try {
    for (const { model, columns: stored } of schema.tables) {
      const { ids, columns: values } = await session.query({ model, filter: EVERYTHING, fields: stored.map(({ field }) => field) });
      stored.forEach(({ column: name, type }, c) => ids.forEach((id, n) => {
        const value = values[c]?.[n];
        cells.set(`${model}.${name} ${String(id)}`, value === null ? 'none' : String(type === 'numeric' ? Number(value) : value as bigint | string));
      }));
    }
  } finally {
    await session.rollback();
  }
  return cells;
}

/** Two more rows in each table, unless a unique boolean has used up its values. */
async function grow(storage: Storage, schema: Schema, n: number): Promise<void> {
  const session = await storage.open({ schema });
  try {
    for (const { model, columns: stored } of schema.tables) {
      await session.insert({ model, count: 2, fields: stored.map(({ field }) => field), columns: stored.map((each) => [valueOf(each, n * 2 + 1), valueOf(each, n * 2 + 2)]),
        // Which numbers a sequence leaves out is nobody's promise.
        ids: [n * 2 + 1, n * 2 + 2] });
    }
    await session.commit();
  } catch (error) {
    if (!OrmoluError.is(error) || error.code !== 'STORAGE_UNIQUE') throw error;
  } finally {
    await session.rollback();
  }
}

describe('five versions of a registry', () => {
  const storages: Storage[] = [memory(), pglite()];
  afterAll(async () => {
    for (const storage of storages) await storage.close();
  });

  test('law: for all five versions, each migration keeps every value that is still named, or refuses and changes nothing; again it does nothing', async () => {
    await fc.assert(fc.asyncProperty(versions, async (sequence) => {
      run += 1;
      const logs = await Promise.all(storages.map(async (storage) => {
        const log: unknown[] = [];
        let current: Schema | undefined;
        const kept = new Map<string, string>();
        for (const [n, version] of sequence.entries()) {
          const next = schemaOf(version, `v${run}`);
          try {
            await storage.migrate(next);
            current = next;
            log.push('migrated');
            expect((await storage.migrate(next)).statements).toEqual([]);
          } catch (error) {
            if (!OrmoluError.is(error) || error.code !== 'STORAGE_MIGRATION_REFUSED') throw error;
            log.push('refused');
          }
          if (!current) continue;
          // Every value that was ever there and is named now is what it was.
          const found = await dump(storage, current);
          for (const [cell, value] of found) if (kept.has(cell)) expect([cell, value]).toEqual([cell, kept.get(cell)]);
          await grow(storage, current, n);
          for (const [cell, value] of await dump(storage, current)) kept.set(cell, value);
        }
        return [log, [...kept].toSorted()];
      }));
      expect(logs[1]).toEqual(logs[0]);
    }), {
      numRuns: lawRuns(25),
      // A column that two versions do not name still refers to where it referred.
      examples: [[[{ a: [], b: [reference('b')] }, { a: [], b: [] }, { a: [], b: [reference('a')] }]]],
    });
  });
});
