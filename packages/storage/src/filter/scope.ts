import type { ColumnSchema, TableSchema } from '@ormolu/kernel';
import { quoted } from '../statements/identifiers';

/** Hands out aliases that are unique within one statement. */
export class Aliases {
  #count = 0;

  next(): string {
    this.#count += 1;
    return `t${this.#count}`;
  }
}

/** The tables of one SELECT, outer or nested: a first one, and those joined to it along many2one fields, each once. */
export class Scope {
  readonly alias: string;
  readonly #aliases: Aliases;
  readonly #from: string;
  readonly #joins = new Map<string, { readonly alias: string; readonly text: string }>();

  constructor(table: string, aliases: Aliases) {
    this.#aliases = aliases;
    this.alias = aliases.next();
    this.#from = `${quoted(table)} ${this.alias}`;
  }

  /** The alias of the record that a column of `from` refers to; nulls all over where it refers to none. @param valueOf - what the column holds */
  joined(from: string, column: ColumnSchema, to: TableSchema, valueOf: (alias: string) => string): string {
    return this.#join({ from, column: column.column, to, kind: 'left join' }, valueOf);
  }

  /** The alias of the record that a relation table's row refers to; it always exists. */
  paired(from: string, column: string, to: TableSchema): string {
    return this.#join({ from, column, to, kind: 'join' }, (alias) => `${alias}.${quoted(column)}`);
  }

  /** The text behind FROM; complete once every path has been walked. */
  get from(): string {
    return [this.#from, ...[...this.#joins.values()].map(({ text }) => text)].join(' ');
  }

  #join({ from, column, to, kind }: { from: string; column: string; to: TableSchema; kind: string }, valueOf: (alias: string) => string): string {
    const key = `${from}.${column}`;
    const known = this.#joins.get(key);
    if (known) return known.alias;
    const alias = this.#aliases.next();
    this.#joins.set(key, { alias, text: `${kind} ${quoted(to.table)} ${alias} on ${alias}.${quoted(to.idColumn)} = ${valueOf(from)}` });
    return alias;
  }
}
