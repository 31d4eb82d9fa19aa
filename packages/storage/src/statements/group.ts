import type { ColumnType, GroupOrderTerm, GroupQuery, Groups, Schema } from '@ormolu/kernel';
import { FilterSql } from '../filter/filter-sql';
import { inOrder } from '../filter/comparison-sql';
import type { ResolvedPath } from '../filter/resolve-path';
import { mean, sumInForm, type RawSum } from '../group/figures';
import { resolveGroup, type ResolvedAggregate } from '../group/resolve-group';
import { MEAN_DIGITS } from '../decimal';
import { ParameterList } from './parameter-list';
import { bound } from './query';
import { idPlace, type RowsStatement } from './records';

/** The statement, and how its answer becomes groups. */
export interface GroupStatement extends RowsStatement {
  groups(columns: readonly (readonly unknown[])[]): Groups;
}

interface Selected {
  readonly text: string;
  readonly type: ColumnType;
}

/** An aggregate as columns of the statement, and its figures from them. */
interface AggregateColumns {
  readonly selected: readonly Selected[];
  /** What groups are ordered by. */
  readonly rank: string;
  figures(columns: readonly (readonly unknown[])[]): readonly unknown[];
}

/** `SELECT … GROUP BY` by filter, with what is joined for filter, keys and aggregates. */
export function groupStatement(schema: Schema, query: GroupQuery, foldingCollation: string | undefined): GroupStatement {
  const { keys, aggregates, order } = resolveGroup(schema, query);
  const parameters = new ParameterList();
  const sql = new FilterSql(schema, query, { parameters, foldingCollation });
  const where = sql.where(query.filter);
  const ranks = keys.map((resolved) => inOrder(sql.column(resolved), resolved.type));
  const keyColumns = keys.map((resolved, k) => representative(resolved, ranks[k] ?? ''));
  const aggregateColumns = aggregates.map((aggregate) => columnsOf(aggregate, aggregate.resolved && sql.column(aggregate.resolved)));
  // A group without keys and figures still is one.
  const selected = [...keyColumns, ...aggregateColumns.flatMap(({ selected: own }) => own), { text: 'count(*)', type: 'int8' as const }];
  const rankOf = (term: GroupOrderTerm): string => ('key' in term ? ranks[term.key] : aggregateColumns[term.aggregate]?.rank) ?? ''; // checked: it is there
  const place = idPlace(schema.table(query.model));
  const text = [
    `select ${selected.map((column) => column.text).join(', ')} from ${sql.from} where ${where}`,
    ranks.length === 0 ? '' : ` group by ${ranks.join(', ')}`,
    order.length === 0 ? '' : ` order by ${order.map((term) => `${rankOf(term)}${term.direction === 'desc' ? ' desc' : ''}`).join(', ')}`,
    bound('limit', query.limit, (value) => parameters.one('int8', value, place)),
    bound('offset', query.offset, (value) => parameters.one('int8', value, place)),
  ].join('');
  return {
    text, parameters: parameters.all, results: 'binary', types: selected.map(({ type }) => type),
    groups: (columns) => {
      let at = keys.length;
      const figures = aggregateColumns.map((aggregate) => {
        const own = columns.slice(at, at + aggregate.selected.length);
        at += aggregate.selected.length;
        return aggregate.figures(own);
      });
      return { count: columns.at(-1)?.length ?? 0, keys: columns.slice(0, keys.length), aggregates: figures };
    },
  };
}

/** Of equal values that are written differently, one form: 0 for -0, decimals without closing zeros where no scale says how many. */
function representative({ type, column }: ResolvedPath, expression: string): Selected {
  if (type === 'float8') return { type, text: `${expression} + 0` };
  if (type === 'numeric') return { type, text: `${column?.scale === undefined ? `trim_scale(${expression})` : expression}::text` };
  return { type, text: expression };
}

function columnsOf({ function: name, resolved }: ResolvedAggregate, column: string | undefined): AggregateColumns {
  if (resolved === undefined || column === undefined) return counting('count(*)');
  const { type } = resolved;
  switch (name) {
    case 'count':
      return counting(`count(${column})`);
    case 'countDistinct':
      return counting(`count(distinct ${inOrder(column, type)})`);
    case 'min': case 'max': {
      const rank = `${name}(${inOrder(column, type)})`;
      return { selected: [representative(resolved, rank)], rank, figures: ([values = []]) => values };
    }
    case 'sum':
      return { selected: [exactSum(type, column)], rank: sumOf(type, column), figures: ([sums = []]) => sums.map((sum) => sumInForm(type, rawSum(type, sum))) };
    case 'avg':
      return {
        selected: [exactSum(type, column), { text: `count(${column})`, type: 'int8' }], rank: meanRank(type, column),
        figures: ([sums = [], counts = []]) => sums.map((sum, g) => mean(rawSum(type, sum), Number(counts[g]))),
      };
  }
}

function counting(text: string): AggregateColumns {
  return { selected: [{ text, type: 'int8' }], rank: text, figures: ([counts = []]) => counts.map(Number) };
}

/**
 * The mean as it is answered, to order by. `avg` of whole numbers and decimals keeps as many digits as it sees fit, and would part or tie
 * groups by digits that the answer does not have.
 */
function meanRank(type: ColumnType, column: string): string {
  if (type === 'float8') return `avg(${ascending(column)})`;
  if (type !== 'numeric') return `sum(${column})::float8 / count(${column})`;
  // A quotient has digits by its size: made large it is exact far beyond those kept, and made small again by a product, which is exact.
  return `round(sum(${column}) * 1e60 / count(${column}) * 1e-60, coalesce(scale(sum(${column})), 0) + ${MEAN_DIGITS})`;
}

/** Whole numbers add up to more than 8 bytes hold, and decimals travel as texts anyway. */
function exactSum(type: ColumnType, column: string): Selected {
  return type === 'float8' ? { text: `${sumOf(type, column)} + 0`, type } : { text: `sum(${column})::text`, type: 'numeric' };
}

function sumOf(type: ColumnType, column: string): string {
  return `sum(${type === 'float8' ? ascending(column) : column})`;
}

/** What comes of adding fractions depends on their order, which would be that in which rows happen to be found. */
function ascending(column: string): string {
  return `${column} order by ${column}`;
}

function rawSum(type: ColumnType, sum: unknown): RawSum {
  if (sum === null) return null;
  // As `exactSum` asked for them.
  return type === 'int4' || type === 'int8' ? BigInt(sum as string) : sum as number | string;
}
