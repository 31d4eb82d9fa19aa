import { MisuseError, type OrderTerm, type Query, type Schema } from '@ormolu/kernel';
import { resolvePath, type ResolvedPath } from './resolve-path';

/** One term of an order, its path followed. */
export interface ResolvedTerm {
  readonly resolved: ResolvedPath;
  readonly direction: OrderTerm['direction'];
}

/**
 * The order of a query: its own, else the model's, and at its end always the id, so that answers repeat.
 *
 * @throws {MisuseError} ORDER_PATH when a term leads through a list or to values without order
 */
export function resolveOrder(schema: Schema, { model, order }: Query): readonly ResolvedTerm[] {
  const terms = [...(order ?? schema.table(model).order)];
  if (!terms.some(({ path }) => path.length === 1 && path[0] === 'id')) terms.push({ path: ['id'], direction: 'asc' });
  return terms.map(({ path, direction }) => {
    const resolved = resolvePath(schema, model, path);
    const refuse = (why: string): never => {
      throw new MisuseError('ORDER_PATH', `Model '${model}' cannot be ordered by '${path.join('.')}': ${why}`, { details: { model, path } });
    };
    if (resolved.hops.some(({ kind }) => kind === 'list')) refuse('it leads through a list, of which a record has many. Order by a field of the record, or of one it refers to.');
    if (resolved.type === 'jsonb') refuse('json values have no order. Keep what you order by in a column of its own.');
    return { resolved, direction };
  });
}
