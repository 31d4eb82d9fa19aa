import { MISS } from '@ormolu/cache';
import { isStoredId, type Id, type NewId, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { checkAccess } from '../environment/access';
import { computeFor } from '../computing/recompute';
import { cycleOf } from '../computing/cycles';
import { settleBehindRelations, settleRelations } from '../computing/settle-relations';
import { draftValue } from '../drafts/draft-values';
import { isReadThrough } from '../drafts/read-through';
import type { Environment } from '../environment/environment';
import { MissingRecordError, NotLoadedError } from '../errors';
import { loadRecords } from './load-records';
import { meetServed } from './served';
import { PrefetchGroup } from './prefetch';
import { onlyIdOf } from '../records/members';
import type { RecordSet } from '../records/recordset';
import { settleForReading } from '../triggers/settle';
import { assertAllowed } from '../transaction-state';
import { recordsOf, referredBy } from '../values';

/**
 * Reads a field of a single record: from memory, computing what is pending; on a miss it suspends the running function or says
 * what to do.
 *
 * @throws {NotSingletonError} TX_NOT_SINGLETON
 * @throws {NotLoadedError} TX_NOT_LOADED outside `env.run`
 * @throws {TriggerPendingError} TX_TRIGGER_PENDING outside `env.run`
 * @throws {MissingRecordError} TX_RECORD_MISSING
 */
export function readField(record: RecordSet, field: Field): unknown {
  const id = onlyIdOf(record, field.name);
  const { env } = record;
  const tx = env.transaction;
  tx.noteRead(field, id);
  if (typeof id === 'object') {
    const now = tx.drafts.current(id);
    if (now !== id) return readField(env.recordsOf(env.registry.model(field.model), [now]), field);
  }
  if (field.isServed) meetServed(tx, field);
  if (tx.triggers.size > 0 && (field.compute || field.relation)) settleBehindRelations(tx, field, id);
  if (tx.toCompute.hasRelations && (field.compute || field.relation)) settleRelations(tx, field);
  if (field.compute) settle(record, field, id);
  let value = env.column(field).of(id);
  if (value === MISS) value = miss(record, field, id);
  if (field.kind === 'reference') return referred(env, value);
  return field.relation ? referenced(record, field, value) : field.toUser(value);
}

/** The record that a reference's text stands for; null when its model does not exist any more. */
function referred(env: Environment, text: unknown): unknown {
  const found = referredBy(env.registry, text);
  return found && env.recordsOf(found.model, [found.id]);
}

/** Makes sure that no pending computation or trigger stands between memory and the truth. */
function settle(record: RecordSet, field: Field, id: Id): void {
  const tx = record.env.transaction;
  if (tx.computes.has(field, id)) return;
  if (tx.triggers.size > 0) settleForReading(record.env, field, id, () => groupOf(record, id));
  if (!tx.toCompute.has(field, id)) return;
  // All that is pending is due some time: whoever reads one has them computed together. Where values wait for each other, others may be running.
  const isTogether = tx.execution !== undefined && cycleOf(tx.registry, field).size === 0;
  const pending = isTogether ? tx.toCompute.get(field) : computedWith(record, id).filter((other) => tx.toCompute.has(field, other));
  computeFor(record.env, field, { id, ids: pending });
}

/** Computes, defaults, suspends or refuses: what to do when a value is not in memory. */
function miss(record: RecordSet, field: Field, id: Id): unknown {
  const { env } = record;
  const tx = env.transaction;
  assertAllowed(tx.state, 'read');
  tx.readCounts.of(field.model).misses += 1;
  if (isStoredId(id) && tx.absent.has(field.model, id)) throw new MissingRecordError(field.model, [id], `${field.name} was read`);
  const group = tx.absent.present(field.model, [...tx.cache.getMissingIds(recordsOf(env, field, groupOf(record, id)), field)]);
  if (!isStoredId(id) && !field.compute) return draftOf(env, field, { id, group });
  if (isReadThrough(tx, field, id)) return ofOrigin(env, field, { id, group });
  if (field.compute && (!field.isStored || !isStoredId(id))) {
    const given = isStoredId(id) ? undefined : tx.drafts.given(id).get(field);
    if (given !== undefined) {
      tx.cache.set(recordsOf(env, field, [id]), field, given);
      return given;
    }
    const isMissing = new Set(group);
    // What is computed after it may settle whom a pending trigger concerns, this record among them: then it is computed once more, by itself.
    for (const ids of [computedWith(record, id).filter((other) => isMissing.has(other) && !tx.absent.has(field.model, other)), [id]]) {
      computeFor(env, field, { id, ids });
      const value = env.peek(field, id);
      if (value !== undefined) return value;
    }
  }
  if (!tx.execution) throw new NotLoadedError(field.model, field.name, id);
  return tx.execution.suspend([{ field, ids: group, env, isAlone: record.prefetchGroup.isAlone && !tx.computes.isRunning, isForCompute: tx.computes.isRunning, isBrowsed: record.prefetchGroup.isBrowsed }]);
}

/** What a draft reads: of its own, of its origin, or the default. */
function draftOf(env: Environment, field: Field, { id, group }: { readonly id: NewId; readonly group: readonly Id[] }): unknown {
  const tx = env.transaction;
  const value = draftValue(env, field, id);
  if (value !== undefined) {
    tx.cache.set(recordsOf(env, field, [id]), field, value);
    return value;
  }
  if (id.origin !== undefined && tx.absent.has(field.model, id.origin)) throw new MissingRecordError(field.model, [id.origin], `${field.name} of a draft that has it as its origin was read`);
  // Nobody can work out anything of what he does not know.
  if (field.isServed && id.origin === undefined) return null;
  if (!tx.execution || id.origin === undefined) throw new NotLoadedError(field.model, field.name, id);
  return tx.execution.suspend([{ field, ids: originsOf(env, field, { id, group }), env }]);
}

/** What a draft reads of its origin's computed value, which is computed if that is due. */
function ofOrigin(env: Environment, field: Field, { id, group }: { readonly id: NewId; readonly group: readonly Id[] }): unknown {
  const origin = id.origin as StoredId; // who reads through one has it
  const origins = new PrefetchGroup(env, () => originsOf(env, field, { id, group }), { isAlone: group.length === 1 });
  env.transaction.readingAside(() => readField(env.recordsOf(env.registry.model(field.model), [origin], origins), field));
  const value = env.peek(field, origin);
  env.transaction.cache.set(recordsOf(env, field, [id]), field, value);
  return value;
}

/** The stored records of which a draft and those that travel with it lack a value. */
function originsOf(env: Environment, field: Field, { id, group }: { readonly id: NewId; readonly group: readonly Id[] }): readonly StoredId[] {
  const { absent, drafts } = env.transaction;
  const origins = new Set<StoredId>(id.origin === undefined ? [] : [id.origin]);
  for (const each of group) {
    const now = isStoredId(each) ? each : drafts.current(each);
    const origin = isStoredId(now) ? now : now.origin;
    if (origin !== undefined && env.peek(field, origin) === undefined && !absent.has(field.model, origin)) origins.add(origin);
  }
  return [...origins];
}

/** The ids that travel with a record, it being among them. */
function groupOf(record: RecordSet, id: Id): readonly Id[] {
  const ids = record.prefetchGroup.ids();
  return ids.includes(id) ? ids : [id, ...ids];
}

/** The ids computed with a record: its group where what they lack can be fetched, otherwise it alone, so that no other's lack is its error. */
function computedWith(record: RecordSet, id: Id): readonly Id[] {
  return record.env.transaction.execution ? groupOf(record, id) : [id];
}

/** Gives a cached relation as the record or set it stands for. */
export function referenced(record: RecordSet, field: Field, value: unknown): RecordSet | null {
  if (!field.relation || value === null) return null;
  const group = record.prefetchGroup.through(field);
  // A relation is cached as an id or a list of ids, and as nothing else.
  if (Array.isArray(value)) return group.list(field.relation.comodel, value as readonly Id[]);
  return group.single(field.relation.comodel, value as Id);
}

/** `records.read`: plain objects, with relations as ids. */
export async function readApi(records: RecordSet, names: readonly string[]): Promise<Record<string, unknown>[]> {
  const { env } = records;
  await checkAccess(env, names.filter((name) => name !== 'id').map((name) => env.registry.field(records.model, name)), 'read');
  await loadRecords(records, names);
  const fields = names.filter((name) => name !== 'id').map((name) => env.registry.field(records.model, name));
  return [...records].map((record) => {
    const plain: Record<string, unknown> = { id: record.id };
    for (const field of fields) {
      const value = readField(record, field);
      plain[field.name] = field.relation || field.kind === 'reference' ? env.peek(field, env.transaction.drafts.current(record.id)) : value;
    }
    return plain;
  });
}
