import { countingKeys, type ColumnSchema, type Condition, type Filter, type Schema, type ValueKeys } from '@ormolu/kernel';
import { quoted } from '../statements/identifiers';
import { anyKeySql, keyedSql } from './keyed-sql';
import type { ParameterList } from '../statements/parameter-list';
import { checkCondition, unknownFilter } from './check-condition';
import { comparisonSql, isNever, type ComparisonContext } from './comparison-sql';
import { resolvePath, type Hop, type ResolvedPath } from './resolve-path';
import { Aliases, Scope } from './scope';

/**
 * Translates the filters and orders of one statement, whose tables it collects.
 *
 * Every condition is true or false, never unknown: `ne` and `notIn` hold for a missing value, all other comparisons do not.
 * @see docs/decisions, "What filters mean"
 */
export class FilterSql {
  readonly #schema: Schema;
  readonly #context: ComparisonContext;
  readonly #aliases = new Aliases();
  readonly #root: Scope;
  readonly #model: string;
  readonly #keys: ValueKeys | undefined;

  constructor(schema: Schema, { model, keys }: { readonly model: string; readonly keys?: ValueKeys | undefined }, options: { readonly parameters: ParameterList; readonly foldingCollation: string | undefined }) {
    this.#schema = schema;
    this.#model = model;
    this.#keys = keys;
    this.#context = { schema, parameters: options.parameters, foldingCollation: options.foldingCollation, aliases: this.#aliases };
    this.#root = new Scope(schema.table(model).table, this.#aliases);
  }

  /** The alias of the table asked for. */
  get alias(): string {
    return this.#root.alias;
  }

  /** The text behind FROM, after all filters and orders have been translated. */
  get from(): string {
    return this.#root.from;
  }

  /** The text behind WHERE. */
  where(filter: Filter): string {
    switch (filter.kind) {
      case 'and':
        return filter.all.length === 0 ? 'true' : `(${filter.all.map((part) => this.where(part)).join(' and ')})`;
      case 'or':
        return filter.any.length === 0 ? 'false' : `(${filter.any.map((part) => this.where(part)).join(' or ')})`;
      case 'not':
        // Comparisons with a missing value are unknown to SQL, and so would their negation be.
        return `(${this.where(filter.not)}) is not true`;
      case 'condition':
        return this.#condition(filter);
      default:
        throw unknownFilter(this.#model, filter);
    }
  }

  /** The column at the end of a path that leads through many2one fields only. */
  column(resolved: ResolvedPath): string {
    let alias = this.#root.alias;
    for (const hop of resolved.hops) if (hop.kind === 'many2one') alias = this.#joined(this.#root, alias, hop);
    return this.#columnAt(alias, resolved);
  }

  #condition(condition: Condition): string {
    const resolved = resolvePath(this.#schema, this.#model, condition.path);
    checkCondition(condition, resolved);
    if (isNever(condition)) return 'false'; // without a parameter for a key that no text would use
    const fromRoot = (leaf: (column: string) => string): string => this.#walk({ scope: this.#root, alias: this.#root.alias, resolved, leaf }, 0);
    if (resolved.endsAtList && (condition.operator === 'isNull' || condition.operator === 'exists')) {
      const holdsAny = fromRoot(() => 'true');
      return (condition.operator === 'exists') === condition.value ? holdsAny : `not ${holdsAny}`;
    }
    return fromRoot((column) => comparisonSql(this.#context, column, condition, resolved));
  }

  /** Follows the hops of a path from the n-th on; a list opens an EXISTS with a scope of its own. */
  #walk(walk: Walk, n: number): string {
    const { scope, alias, resolved, leaf } = walk;
    const hop = resolved.hops[n];
    if (!hop && n === 0 && resolved.column?.keyed && this.#keys?.[resolved.column.keyed.by] === 'any') return anyKeySql(`${alias}.${quoted(resolved.column.column)}`, resolved.column.keyed, leaf);
    if (!hop) return leaf(this.#columnAt(alias, resolved));
    if (hop.kind === 'many2one') return this.#walk({ ...walk, alias: this.#joined(scope, alias, hop) }, n + 1);
    // The id of the record whose list it is; a missing record's is NULL and has no list.
    const owner = `${alias}.${quoted(hop.from.idColumn)}`;
    const { list } = hop;
    const [table, column] = list.kind === 'one2many' ? [hop.to.model, list.inverse] : [list.relation, list.column];
    const inner = new Scope(this.#schema.table(table).table, this.#aliases);
    const condition = list.kind === 'one2many'
      ? this.#walk({ ...walk, scope: inner, alias: inner.alias }, n + 1)
      : this.#walkPairs({ ...walk, scope: inner, alias: inner.alias }, n, this.#schema.column(list.relation, list.otherColumn));
    return `exists (select 1 from ${inner.from} where ${inner.alias}.${quoted(this.#schema.column(table, column).column)} = ${owner} and ${condition})`;
  }

  #joined(scope: Scope, from: string, { column, to }: Hop & { readonly kind: 'many2one' }): string {
    return scope.joined(from, column, to, (alias) => this.#valueOf(alias, column));
  }

  #columnAt(alias: string, { column, table }: ResolvedPath): string {
    return column ? this.#valueOf(alias, column) : `${alias}.${quoted(table.idColumn)}`;
  }

  /** What a column holds for whoever asks. */
  #valueOf(alias: string, column: ColumnSchema): string {
    const text = `${alias}.${quoted(column.column)}`;
    return column.keyed ? keyedSql(this.#context.parameters, text, { ...column.keyed, keys: countingKeys(this.#keys, column.keyed.by), place: { model: this.#model, field: column.field } }) : text;
  }

  /** From the rows of a relation table to the records they refer to, which are not joined when only their ids are compared. */
  #walkPairs(walk: Walk, n: number, other: ColumnSchema): string {
    const { scope, resolved, leaf } = walk;
    const hop = resolved.hops[n];
    if (!hop || (n === resolved.hops.length - 1 && resolved.column === undefined)) return leaf(`${scope.alias}.${quoted(other.column)}`);
    return this.#walk({ ...walk, alias: scope.paired(scope.alias, other.column, hop.to) }, n + 1);
  }
}

/** A path under way: where it is, where it leads, and what to do there. */
interface Walk {
  readonly scope: Scope;
  readonly alias: string;
  readonly resolved: ResolvedPath;
  readonly leaf: (column: string) => string;
}

