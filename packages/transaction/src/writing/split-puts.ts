import type { Id } from '@ormolu/kernel';
import { refuseWithoutCompany } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import { fieldsOf, type Put, type WriteBatch } from './write-batch';

/** The values of a batch for records that exist, or that it makes under ids of their own. */
interface SplitPuts {
  /** What can be put in before anything is inserted. */
  readonly known: readonly Put[];
  /** What is put in behind the rows: references to new records, and what new records are given beside their rows, which would not be theirs before. */
  readonly ofNew: readonly Put[];
}

export function splitPuts({ puts, rows }: WriteBatch): SplitPuts {
  if (rows.length === 0) return { known: puts, ofNew: [] };
  const news = new Set<unknown>();
  const made = new Map<string, Set<Id>>();
  for (const { id, given, model } of rows) {
    news.add(id);
    if (given !== undefined) made.set(model.name, (made.get(model.name) ?? new Set<Id>()).add(given));
  }
  const known: Put[] = [];
  const ofNew: Put[] = [];
  for (const put of puts) {
    const own = made.get(put.field.model);
    const isNew = (id: Id): boolean => own?.has(id) ?? false;
    if (namesAny(news, put.cached)) ofNew.push(put);
    else if (!put.ids.some(isNew)) known.push(put);
    else {
      ofNew.push({ ...put, ids: put.ids.filter(isNew) });
      const others = put.ids.filter((id) => !isNew(id));
      if (others.length > 0) known.push({ ...put, ids: others });
    }
  }
  return { known, ofNew };
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
