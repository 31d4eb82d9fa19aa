import { createHash } from 'node:crypto';

/** PostgreSQL cuts longer names off silently. */
const MAX_BYTES = 63;

/** Quotes a name that comes from the schema, so that nothing in it can end it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a name from the schema where SQL wants it as a text. */
export function literal(name: string): string {
  return `'${name.replaceAll('\'', '\'\'')}'`;
}

/** What a constraint or index that we make is for. */
export type ConstraintKind = 'key' | 'fkey' | 'idx';

/** The name of a constraint or index, as PostgreSQL itself would choose it; longer ones end in a digest. */
export function constraintName(table: string, column: string, kind: ConstraintKind): string {
  const name = `${table}_${column}_${kind}`;
  return Buffer.byteLength(name) <= MAX_BYTES ? name : digested(`${table}_${column}`, kind, name);
}

/** The name where {@link constraintName} gives two tables the same: `sale` with `line_name`, and `sale_line` with `name`. */
export function distinctName(table: string, columns: readonly string[], kind: ConstraintKind): string {
  return digested([table, ...columns].join('_'), kind, JSON.stringify([table, columns, kind]));
}

/** Whether a constraint of a table has one of the names that a migration gives to that of a column. */
export function isNameOf(name: string | undefined, table: string, column: string, kind: ConstraintKind): boolean {
  return name !== undefined && (name === constraintName(table, column, kind) || name === distinctName(table, [column], kind));
}

function digested(words: string, kind: ConstraintKind, whole: string): string {
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 12);
  // Cut by bytes; a character cut in half at the end is dropped.
  const head = Buffer.from(words).subarray(0, MAX_BYTES - digest.length - kind.length - 2).toString('utf8').replace(/\uFFFD+$/, '');
  return `${head}_${digest}_${kind}`;
}
