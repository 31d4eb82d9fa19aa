import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchForDrafts } from '../drafts/draft-values';
import type { Environment } from '../environment/environment';
import { fetchAnyway, fetchList, isAskedBy } from './fetch';
import { flushForServed } from './served';
import { meetOwners } from './meet-records';
import { fetchListsBelow, leadsToItself, LongWay } from './long-way';
import type { Need } from '../running/run';
import { groupBy } from '../group-by';
import { putFetched } from './put-fetched';
import { settleUnseen } from '../triggers/unseen';
import type { Transaction } from '../transaction';
import { isList } from '../values';

/** What is asked of a model's columns in one question. */
interface Wanted {
  readonly fields: Set<Field>;
  readonly ids: Set<Id>;
  /** Those whose marked values are wanted, too. */
  readonly hidden: Set<Id>;
}

/**
 * Brings everything a suspended function needs into memory: one question per model for columns, one per list.
 *
 * A column that travels with others brings them along, because the next line usually reads one of them.
 * @param way - how far the function has walked along relations of a model to itself
 */
export async function fetchNeeds(tx: Transaction, needs: readonly Need[], way: LongWay = new LongWay(tx)): Promise<void> {
  if (needs.some(({ field }) => field.isServed)) await flushForServed(tx);
  const before = needs.filter(({ isBefore }) => isBefore === true);
  if (before.length > 0) await fetchBefore(tx, before);
  const columns = new Map<Environment, Map<string, Wanted>>();
  for (const { field, ids, env = tx.rootEnv, isForCompute = false, isBrowsed = false } of together(tx, needs.filter(({ isBefore }) => isBefore !== true))) {
    if (ids.some((id) => !isStoredId(id))) await fetchForDrafts(env, field, ids);
    if (isList(field) && !field.isServed) {
      const isLong = isForCompute && field.relation?.kind === 'one2many' && leadsToItself(field) && way.reaches(field, ids);
      await (isLong ? fetchListsBelow(tx, field, ids) : fetchList(tx, field, ids));
      if (isBrowsed) await meetOwners(tx, [field], ids);
      continue;
    }
    // Who asks matters only where values differ by who asks.
    const asking = isAskedBy(field) ? env : tx.rootEnv;
    let ofModels = columns.get(asking);
    if (!ofModels) columns.set(asking, (ofModels = new Map<string, Wanted>()));
    let wanted = ofModels.get(field.model);
    if (!wanted) ofModels.set(field.model, (wanted = { fields: new Set(), ids: new Set(), hidden: new Set() }));
    for (const id of ids) wanted.ids.add(id);
    for (const id of hidden(env, field, ids)) wanted.hidden.add(id);
    wanted.fields.add(field);
    if (field.isPrefetched) for (const other of tx.registry.model(field.model).fields.values()) if (other.isPrefetched) wanted.fields.add(other);
  }
  for (const [env, ofModels] of columns) for (const [model, { fields, ids, hidden: anyway }] of ofModels) {
    await way.climb(model, [...ids]);
    await fetchAnyway(env, [...fields], [...ids], anyway);
  }
}

/** What is needed of one field by the same asker in the same manner becomes one need: who judges or follows record by record needs record by record. */
export function together(tx: Transaction, needs: readonly Need[]): readonly Need[] {
  if (needs.length < 2) return needs;
  const groups: Need[] = [];
  for (const ofField of groupBy(needs, ({ field }) => field).values()) {
    for (const ofAsker of groupBy(ofField, ({ env = tx.rootEnv }) => env).values()) {
      for (const [, alike] of groupBy(ofAsker, ({ isForCompute = false, isBrowsed = false, isBefore = false }) => [isForCompute, isBrowsed, isBefore].join())) {
        const [first] = alike;
        if (first) groups.push(alike.length === 1 ? first : { ...first, ids: [...new Set(alike.flatMap(({ ids }) => ids))] });
      }
    }
  }
  return groups;
}

/**
 * Those of which a stored value is missing and marked: whoever misses it had found that nothing it is computed from has changed, and its mark came back when
 * he was suspended. Others that are marked may be among them, because they travel with one that is not: their values come along in the same question, and
 * need not be written when they are computed to be equal. Drafts and records that are not there have none to be fetched.
 */
function hidden(env: Environment, field: Field, ids: readonly Id[]): readonly Id[] {
  const { absent, toCompute } = env.transaction;
  if (!field.compute || !field.isStored || field.isServed || !toCompute.isMarked(field)) return [];
  return ids.filter((id) => isStoredId(id) && toCompute.has(field, id) && env.peek(field, id) === undefined && !absent.has(field.model, id));
}

/** What was put unseen and stays is compared; what was taken back with the function that put it is put over the value before when it runs again. */
async function fetchBefore(tx: Transaction, needs: readonly Need[]): Promise<void> {
  const gone = needs.map(({ field, ids }) => ({ field, ids: ids.filter((id) => !tx.unseen.hasSince(field, id, 0)) }));
  if (gone.some(({ ids }, place) => ids.length < (needs[place]?.ids.length ?? 0))) await settleUnseen(tx);
  for (const [model, ofModel] of groupBy(gone, ({ field }) => field.model)) {
    const fields = [...new Set(ofModel.map(({ field }) => field))];
    const asked = [...new Set(ofModel.flatMap(({ ids }) => ids))].filter((id): id is StoredId => isStoredId(id) && !tx.absent.has(model, id));
    if (asked.length === 0) continue;
    const answer = await tx.below.read({ model, ids: asked, fields: fields.map(({ name }) => name) });
    for (const [place, field] of fields.entries()) putFetched(tx.rootEnv, field, answer.ids, answer.columns[place] ?? []);
    const there = new Set<Id>(answer.ids);
    tx.absent.add(model, asked.filter((id) => !there.has(id)));
  }
}
