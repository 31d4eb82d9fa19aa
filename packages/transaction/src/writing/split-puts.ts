import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { refuseWithoutCompany } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import type { Put } from './batch-parts';
import { fieldsOf } from './fields-of';
import type { WriteBatch } from './write-batch';

/** The values of a batch that can be put in before its rows are inserted, and those that cannot. */
interface SplitPuts {
  readonly known: readonly Put[];
  /** What new records are given beside their rows, references to them, and what is given to the same records for the same fields afterwards. */
  readonly behind: readonly Put[];
}

export function splitPuts({ puts, rows }: WriteBatch): SplitPuts {
  if (rows.length === 0) return { known: puts, behind: [] };
  const news = new Set<unknown>(rows.map(({ id }) => id));
  const waiting = new Map<Field, Set<Id>>();
  const known: Put[] = [];
  const behind: Put[] = [];
  const wait = (put: Put): void => {
    behind.push(put);
    const own = waiting.get(put.field) ?? new Set();
    waiting.set(put.field, own);
    for (const id of put.ids) own.add(id);
  };
  for (const put of puts) {
    const own = waiting.get(put.field);
    if (namesAny(news, put.cached) || namesAny(news, put.ids)) wait(put);
    else if (!own || !put.ids.some((id) => own.has(id))) known.push(put);
    else {
      wait({ ...put, ids: put.ids.filter((id) => own.has(id)) });
      const others = put.ids.filter((id) => !own.has(id));
      if (others.length > 0) known.push({ ...put, ids: others });
    }
  }
  return { known, behind };
}

/** Whether a value is one of some records, or a list that holds one. */
function namesAny(records: ReadonlySet<unknown>, cached: unknown): boolean {
  return Array.isArray(cached) ? cached.some((id) => records.has(id)) : records.has(cached);
}

const byCompany = fieldsOf(({ keyedBy }) => keyedBy === 'company');

/**
 * Before any of a batch is done: what is refused afterwards may be half done. The company is asked for where a value is by company and nowhere else:
 * it may not be loaded, and an environment keeps the one that it is first asked for.
 *
 * @throws {WriteRefusedError} TX_COMPANY_MISSING
 */
export function refuseWithoutCompanies({ env, puts, rows }: WriteBatch): void {
  for (const { field, env: own = env } of puts) refuseWithoutCompany(own, field);
  const isGiven = (cached: unknown): boolean => cached !== undefined && cached !== null && !(cached instanceof KeyedValues);
  for (const { model, values } of rows) for (const field of byCompany(model)) if (isGiven(values.get(field))) refuseWithoutCompany(env, field);
}
