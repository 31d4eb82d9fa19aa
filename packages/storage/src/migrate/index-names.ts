import type { Schema } from '@ormolu/kernel';
import { constraintName, distinctName, type ConstraintKind } from '../statements/identifiers';
import type { AskCatalog } from './catalog';

/** Indexes share one name space with each other and with tables, all tables' together. */
const TAKEN = `select c.relname::text as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  where c.relname = any($1::text[])`;

/**
 * The names of new indexes and unique constraints: the plain one, and one with a digest where another may have the plain one.
 *
 * Which names collide follows from all columns of a schema, whether they have an index or not, so that an index that comes later changes
 * no other's name. Indexes that are there are known by their columns: none is ever renamed.
 */
export class IndexNames {
  readonly #shared: ReadonlySet<string>;
  readonly #taken: ReadonlySet<string>;

  /** @param taken - names that the database has already, as `readTaken` finds them */
  constructor(schema: Schema, taken: ReadonlySet<string>) {
    this.#taken = taken;
    const seen = new Set(schema.tables.map(({ table }) => table));
    const shared = new Set<string>();
    for (const name of plainNames(schema)) (seen.has(name) ? shared : seen).add(name);
    this.#shared = shared;
  }

  of(table: string, columns: readonly string[], kind: Exclude<ConstraintKind, 'fkey'>): string {
    const plain = constraintName(table, columns.join('_'), kind);
    return this.#shared.has(plain) || this.#taken.has(plain) ? distinctName(table, columns, kind) : plain;
  }
}

/** Which of the plain names a database has already, for whatever it is. */
export async function readTaken(ask: AskCatalog, schema: Schema): Promise<ReadonlySet<string>> {
  const names = [...new Set(plainNames(schema))];
  return new Set((await ask(TAKEN, [names])).map((row) => String(row['name'])));
}

function* plainNames(schema: Schema): Generator<string> {
  for (const { model, table, columns, uniqueTogether = [] } of schema.tables) {
    for (const { column } of columns) {
      yield constraintName(table, column, 'key');
      yield constraintName(table, column, 'idx');
    }
    for (const fields of uniqueTogether) yield constraintName(table, fields.map((field) => schema.column(model, field).column).join('_'), 'key');
  }
}
