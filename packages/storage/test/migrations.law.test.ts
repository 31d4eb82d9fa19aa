import { EVERYTHING, OrmoluError, Schema, type AddedField, type ColumnSchema, type Session, type Storage, type TableSchema } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { column } from '../src/compliance/fixture';

const FIELDS = ['f', 'g', 'h', 'i'] as const;
const MODELS = ['a', 'b'] as const;
type Model = typeof MODELS[number];

/** One version of the models, and how a database is brought to it. */
interface Version extends Readonly<Record<Model, readonly ColumnSchema[]>> {
  /** Names to discard that are given at once, whether there is something to them or not. */
  readonly discard: readonly string[];
  /** Whether what a refusal names is discarded, and the migration tried again. */
  readonly obeys: boolean;
  /** Whether new columns of existing records get values. */
  readonly fills: boolean;
}

/** Conditions that existing records seldom fulfil end most upgrades before they begin. */
const rarely = fc.constantFrom(false, false, false, true);
const mostly = fc.constantFrom(true, true, true, false);

/** A column as one version of the models has it; the names of columns are few, so that versions meet. */
const columns = fc.record({
  type: fc.constantFrom('text', 'int4', 'int8', 'int8', 'numeric', 'numeric', 'bool'), scale: fc.constantFrom(1, 2, 3), required: fc.boolean(), unique: rarely, index: fc.boolean(), target: fc.constantFrom(undefined, undefined, 'nothing', ...MODELS),
} as const).map(({ type, scale, target, required, unique, index }) => (field: string): ColumnSchema => {
  // A number that may have been a reference, or become one.
  if (target === 'nothing') return column(`${field}_ref`, 'int4', { unique, index });
  return target === undefined
    ? column(field, type, { required: required && unique, unique, index, ...type === 'numeric' && { scale } })
    : column(`${field}_ref`, 'int4', { references: { model: target, onDelete: required ? 'cascade' : 'set null' }, index });
});

const tables = fc.array(fc.option(columns), { minLength: FIELDS.length, maxLength: FIELDS.length })
  .map((made) => made.flatMap((make, n) => make ? [make(FIELDS[n]!)] : []));
const discards = fc.oneof(
  fc.constant([]),
  fc.uniqueArray(fc.tuple(fc.constantFrom(...MODELS), fc.constantFrom(...FIELDS), fc.constantFrom('_col', '_ref_col', '')).map(([model, field, end]) => `${model}.${field}${end}`), { minLength: 1, maxLength: 3 }),
);
const versions = fc.array(fc.record<Version>({ a: tables, b: tables, discard: discards, obeys: mostly, fills: mostly }), { minLength: 5, maxLength: 5 });

const plain = { discard: [], obeys: false, fills: false } as const;
const reference = (model: string): ColumnSchema => column('h_ref', 'int4', { references: { model, onDelete: 'set null' } });

let run = 0;

function schemaOf(version: Version, prefix: string): Schema {
  return new Schema(MODELS.map((model): TableSchema => ({ model, table: `${prefix}_${model}`, idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: version[model] })));
}

/** A value that differs from row to row, so that unique fields take it; a reference has only a record that is there. */
function valueOf({ type, scale, references }: ColumnSchema, n: number, there: Readonly<Record<string, readonly number[]>>): unknown {
  if (references) return there[references.model]?.at(n % 3) ?? null;
  switch (type) {
    case 'text': return `text ${n}`;
    case 'int8': return BigInt(n) * 10_000_000_000n;
    case 'numeric': return `${n}.${'1'.repeat(scale ?? 0)}`;
    case 'bool': return n % 2 === 0;
    default: return n;
  }
}

async function idsOf(session: Session): Promise<Readonly<Record<Model, readonly number[]>>> {
  const ids = async (model: Model): Promise<readonly number[]> => (await session.query({ model, filter: EVERYTHING, order: [{ path: ['id'], direction: 'asc' }] })).ids as readonly number[]; // as the schema has them
  return { a: await ids('a'), b: await ids('b') };
}

/** What is there, as texts that do not change when a type is widened, by model, column and id. */
async function dump(session: Session, { tables: stored }: Schema): Promise<Map<string, string>> {
  const cells = new Map<string, string>();
  for (const table of stored) {
    const { ids, columns: values } = await session.query({ model: table.model, filter: EVERYTHING, fields: table.columns.map(({ field }) => field) });
    table.columns.forEach(({ column: name, type }, c) => ids.forEach((id, n) => {
      const value = values[c]?.[n];
      cells.set(`${table.model}.${name} ${String(id)}`, value === null ? 'none' : String(type === 'numeric' ? Number(value) : value as bigint | string));
    }));
  }
  return cells;
}

/** Two more rows in each table, unless a unique boolean has used up its values. */
async function grow(storage: Storage, schema: Schema, n: number): Promise<void> {
  const session = await storage.open({ schema });
  try {
    const there = await idsOf(session);
    for (const { model, columns: stored } of schema.tables) {
      await session.insert({ model, count: 2, fields: stored.map(({ field }) => field), columns: stored.map((each) => [valueOf(each, n * 2 + 1, there), valueOf(each, n * 2 + 2, there)]),
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

/** One database through the versions, beside what must be in it. */
class Upgraded {
  readonly log: string[] = [];
  /** The values that nobody has told to discard. */
  readonly kept = new Map<string, string>();
  /** What a fill gave, by the migration under way. */
  readonly #filled = new Map<string, string>();
  /** The columns that must be there, as they were last named. */
  readonly #known = new Map<string, { readonly model: string; readonly each: ColumnSchema }>();
  #current: Schema | undefined;
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async to(version: Version, n: number, prefix: string): Promise<void> {
    const next = schemaOf(version, prefix);
    const discard = [...version.discard];
    for (;;) {
      this.#filled.clear();
      try {
        const { added } = await this.#storage.migrate(next, { discard, ...version.fills && { fill: (session: Session, fields: readonly AddedField[]) => this.#fill(session, next, fields) } });
        this.log.push(`migrated, added ${added.map(({ model, field }) => `${model}.${field}`).join()}`);
        this.#forget(next, added, discard);
        this.#current = next;
        break;
      } catch (error) {
        if (!OrmoluError.is(error) || !['STORAGE_MIGRATION_REFUSED', 'FIELD_UNKNOWN'].includes(error.code)) throw error;
        this.log.push(error.code);
        const [, told] = /discard: \['(.*)'\]/.exec(error.message) ?? [];
        if (!version.obeys || (told === undefined && error.code !== 'FIELD_UNKNOWN')) break;
        if (told === undefined) discard.length = 0;
        else discard.push(told);
      }
    }
    if (!this.#current) return;
    expect((await this.#storage.plan(this.#current)).statements).toEqual([]);
    const found = await this.#dump(this.#current);
    // Every value that was ever there is what it was, and where it was, named or not.
    for (const [cell, value] of this.kept) expect([cell, found.get(cell)]).toEqual([cell, value]);
    await grow(this.#storage, this.#current, n);
    for (const [cell, value] of await this.#dump(this.#current)) this.kept.set(cell, value);
  }

  /** What was made anew, and what was named to be dropped, is gone; values that a fill gave are there from now on. */
  #forget(schema: Schema, added: readonly AddedField[], discard: readonly string[]): void {
    const gone = new Set<string>(discard.filter((name) => !schema.tables.some((table) => table.columns.some(({ field, column: stored }) => name === `${table.model}.${field}` || name === `${table.model}.${stored}`))));
    for (const { model, field } of added) gone.add(`${model}.${schema.column(model, field).column}`);
    for (const name of gone) this.#known.delete(name);
    for (const { model, columns: named } of schema.tables) for (const each of named) this.#known.set(`${model}.${each.column}`, { model, each });
    for (const cell of this.kept.keys()) if (gone.has(cell.slice(0, cell.indexOf(' ')))) this.kept.delete(cell);
    for (const [cell, value] of this.#filled) this.kept.set(cell, value);
  }

  async #fill(session: Session, schema: Schema, added: readonly AddedField[]): Promise<void> {
    const there = await idsOf(session);
    for (const { model, field } of added) {
      const each = schema.column(model, field);
      const ids = there[model as Model]; // there are no others
      await session.update({ model, ids, fields: [field], columns: [ids.map((id) => valueOf(each, id, there))] });
    }
    const names = new Set(added.map(({ model, field }) => `${model}.${schema.column(model, field).column}`));
    for (const [cell, value] of await dump(session, schema)) if (names.has(cell.slice(0, cell.indexOf(' ')))) this.#filled.set(cell, value);
  }

  /** All that is there, in columns that no field names any more too. */
  async #dump(current: Schema): Promise<Map<string, string>> {
    const schema = new Schema(current.tables.map((table) => {
      const forgotten = [...this.#known.values()].filter(({ model, each }) => model === table.model && table.columns.every((named) => named.column !== each.column)).map(({ each }) => each);
      return { ...table, columns: [...table.columns, ...forgotten] };
    }));
    const session = await this.#storage.open({ schema });
    try {
      return await dump(session, schema);
    } finally {
      await session.rollback();
    }
  }
}

describe('five versions of a registry', () => {
  let database: ScratchDatabase;
  const storages: Storage[] = [memory(), pglite()];
  beforeAll(async () => {
    database = await createDatabase();
    storages.push(postgres(database.url));
  });
  afterAll(async () => {
    for (const storage of storages) await storage.close();
    await database.drop();
  });

  test('law: for all five versions, each migration keeps every value that nobody has told to discard, or refuses and changes nothing; again it does nothing', async () => {
    await fc.assert(fc.asyncProperty(versions, async (sequence) => {
      run += 1;
      const [first, ...others] = await Promise.all(storages.map(async (storage) => {
        const upgraded = new Upgraded(storage);
        for (const [n, version] of sequence.entries()) await upgraded.to(version, n, `v${run}`);
        return [upgraded.log, [...upgraded.kept].toSorted()];
      }));
      for (const other of others) expect(other).toEqual(first);
    }), {
      numRuns: lawRuns(7),
      // A column that two versions do not name still refers to where it referred.
      examples: [[[{ a: [], b: [reference('b')], ...plain }, { a: [], b: [], ...plain }, { a: [], b: [reference('a')], ...plain }]]],
    });
  });
});
