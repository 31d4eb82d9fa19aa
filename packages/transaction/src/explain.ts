import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { CauseMembers, ExplanationMembers, Field, OriginName } from '@ormolu/registry';
import { argument } from './check-call';
import type { Environment } from './environment/environment';
import { originKey, type Source, type Step } from './reading/origins';
import { reachOf } from './triggers/reach';
import { RecordSet } from './records/recordset';
import type { Transaction } from './transaction';

/** @see Transaction.explain */
export function explain(tx: Transaction, record: RecordSet, named: Field | string): ExplanationMembers {
  if (!(record instanceof RecordSet) || record.env.transaction !== tx) throw argument('explain', record, 'a record of this transaction');
  const { env } = record;
  const field = tx.registry.field(record.model, typeof named === 'string' ? named : named.name);
  const [given] = record.ensureOne().ids as readonly [Id]; // one it is
  const id = isStoredId(given) ? given : tx.drafts.current(given);
  const value = env.peek(field, id);
  const { steps, at } = recorded(env, field, id);
  const origin = value === undefined ? undefined : kindOf(steps[at]);
  const isPending = tx.toCompute.has(field, id);
  const source = lastOf(steps.slice(0, at + 1), ({ what }) => what !== 'marked' && what !== 'restored')?.source;
  const parts = {
    model: field.model, id, field: field.name, value, origin,
    state: stateOf(env, field, id),
    causes: causesOf(tx, { field, id }, isPending || value === undefined ? steps.slice(at + 1) : marksBefore(steps, at)),
    history: steps.map(({ what }) => what),
    ...(origin !== undefined && source ? answeredBy(source, id) : {}),
    pendingTriggers: triggersFor(tx, field, id),
    isProtected: tx.protection.has(field, id),
    isStored: field.isStored,
    depends: field.compute?.depends,
    prefetched: record.prefetchGroup.ids().length,
    registryVersion: tx.registry.version,
    isRecorded: tx.origins !== undefined,
  };
  return { ...parts, toString: () => sentences(parts).join('\n') };
}

/** Who answered for one record, and of a cache, from which entry and why it was true. */
function answeredBy({ rung, statement, cached }: Source, id: Id): Pick<ExplanationMembers, 'rung' | 'statement' | 'entry'> {
  const entry = cached.entries.find(({ ids }) => ids.includes(id as StoredId)) // whatever is in the list is stored
    // An answer to a question as a whole names no records.
    ?? cached.entries.find((one, _, all) => one.ids.length === 0 && all.length === 1);
  if (entry) {
    const log = cached.log.filter((row) => entry.ids.length === 0 || row.id === null || String(row.id) === String(id));
    return { rung: entry.rung, entry: { ...(entry.cache === undefined ? {} : { cache: entry.cache }), snapshot: entry.snapshot, log: log.map((row) => ({ xid: row.xid, model: row.model, id: row.id, fields: row.fields })) } };
  }
  const others = rung?.split(', ').filter((name) => !cached.entries.some((one) => one.rung === name)).join(', ');
  return { ...(others ? { rung: others } : {}), ...(statement === undefined ? {} : { statement }) };
}

/** What was recorded of a value as this environment sees it, and the place of the step that made it. */
function recorded(env: Environment, field: Field, id: Id): { readonly steps: readonly Step[]; readonly at: number } {
  const key = originKey(env, field);
  const steps = (env.transaction.origins?.of(field, id) ?? []).filter((step) => step.key === undefined || step.key === key);
  return { steps, at: steps.findLastIndex(({ what }) => what !== 'marked') };
}

function kindOf(step: Step | undefined): OriginName | undefined {
  return step === undefined || step.what === 'marked' ? undefined : step.what;
}

/** The marks that led to a computed value: those between it and the value before. */
function marksBefore(steps: readonly Step[], at: number): readonly Step[] {
  const made = steps.slice(0, at + 1).findLastIndex(({ what }) => what !== 'marked' && what !== 'restored');
  if (steps[made]?.what !== 'computed') return [];
  const before = steps.slice(0, made).findLastIndex(({ what }) => what !== 'marked' && what !== 'restored');
  return steps.slice(before + 1, made);
}

function causesOf(tx: Transaction, { field: explained, id: own }: { readonly field: Field; readonly id: Id }, marks: readonly Step[]): readonly CauseMembers[] {
  const causes = new Map<Field, Set<Id>>();
  const add = (cause: Field, ids: readonly Id[]): void => {
    const known = causes.get(cause) ?? new Set();
    causes.set(cause, known);
    for (const id of ids) known.add(id);
  };
  for (const { what, cause, ids = [] } of marks) {
    if (cause) add(cause, ids);
    // A new record's values were all new.
    else if (what === 'marked') for (const read of ownFieldsRead(tx, explained)) add(read, [own]);
  }
  return Array.from(causes, ([cause, ids]) => {
    const [first] = ids;
    const made = first === undefined ? undefined : lastOf(tx.origins?.of(cause, first) ?? [], ({ what }) => what !== 'marked');
    return { model: cause.model, field: cause.name, ids: [...ids], origin: kindOf(made) };
  });
}

/** The fields of its own record that a field is computed from, relations on the way to others among them. */
function ownFieldsRead({ registry }: Transaction, { model, compute }: Field): readonly Field[] {
  return (compute?.depends ?? []).flatMap((path) => registry.model(model).fields.get(path.split('.', 1)[0] ?? '') ?? []);
}

function stateOf(env: Environment, field: Field, id: Id): ExplanationMembers['state'] {
  const tx = env.transaction;
  if (isStoredId(id) && tx.absent.has(field.model, id)) return 'absent';
  if (tx.toCompute.has(field, id)) return 'to be computed';
  if (env.peek(field, id) === undefined) return 'not in memory';
  if (field.isStored && tx.cache.isDirty(env.recordsOf(tx.registry.model(field.model), [id]), field)) return 'to be written';
  return field.isPersistent && isStoredId(id) ? 'as stored' : 'in memory only';
}

/** The changes whose dependents are not known yet, and of which this value may be one. */
function triggersFor(tx: Transaction, field: Field, id: Id): readonly string[] {
  const concerning = tx.triggers.snapshot().filter((trigger) =>
    reachOf(tx, trigger.tree).concerned.has(field) && trigger.settled.get(field)?.has(id) !== true && !tx.triggers.isExempt(trigger.firing, field, id));
  return [...new Set(concerning.map(({ firing }) => firing.cause.toString()))];
}

function lastOf<T>(all: readonly T[], is: (one: T) => boolean): T | undefined {
  return all.findLast(is);
}

/** How many records a sentence names. */
const NAMED = 5;

const ORIGINS: Readonly<Record<OriginName, string>> = {
  fetched: 'It was fetched',
  assigned: 'It was assigned',
  created: 'It was given when the record was created',
  computed: 'It was computed',
  followed: 'It followed a change on the other side of its relation',
  restored: 'A rollback brought it back',
};

function sentences(parts: Omit<ExplanationMembers, 'toString'>): readonly string[] {
  const { causes, depends, entry, origin, pendingTriggers, rung, state, statement, value } = parts;
  const name = `${parts.model}(${String(parts.id)}).${parts.field}`;
  const lines = [value === undefined ? `${name} is ${state}.` : `${name} is ${textOf(value)}: ${state}.`];
  const whence = `${rung === undefined ? '' : ` from the rung '${rung}'`}${statement === undefined ? '' : ` with: ${statement}`}`;
  if (origin === 'restored') lines.push(`A rollback brought it back${whence === '' ? '' : `; before, it was fetched${whence}`}.`);
  else if (origin) lines.push(`${ORIGINS[origin]}${whence}.`);
  if (entry) {
    const decided = entry.log.length === 0 ? 'nobody is known to have changed it' : `changed by ${[...new Set(entry.log.map(({ xid }) => String(xid)))].join(', ')}, seen by both that snapshot and this transaction's, or by neither`;
    lines.push(`It was kept${entry.cache === undefined ? '' : ` in the cache '${entry.cache}'`} since the snapshot ${entry.snapshot}; ${decided}.`);
  }
  for (const { ids, model, field, origin: made } of causes) {
    lines.push(`It follows ${model}${ids.length === 0 ? '' : `(${namesOf(ids)})`}.${field}${made ? `, which was ${made}` : ', which changed'}.`);
  }
  if (depends) lines.push(`Its compute${parts.isStored ? '' : ', which is not stored,'} reads ${depends.length === 0 ? 'nothing' : depends.join(', ')}.`);
  if (pendingTriggers.length > 0) lines.push(`Changes of ${pendingTriggers.join(', ')} may concern it: the next read of it, or the flush, finds out.`);
  if (parts.isProtected) lines.push('It is protected from recomputation now.');
  if (!parts.isRecorded) lines.push('Its history is not known: the transaction was not opened with { explain: true }.');
  else if (value !== undefined && origin === undefined) lines.push('How it came to be was not recorded, or so long ago that it is forgotten.');
  return lines;
}

function namesOf(ids: readonly Id[]): string {
  const named = ids.slice(0, NAMED).map(String).join(', ');
  return ids.length > NAMED ? `${named} and ${String(ids.length - NAMED)} more` : named;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${namesOf(value as readonly Id[])}]`; // a list is kept as ids
  if (typeof value === 'string') return `'${value}'`;
  if (ArrayBuffer.isView(value)) return `${String(value.byteLength)} bytes`;
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype ? JSON.stringify(value) : String(value);
}
