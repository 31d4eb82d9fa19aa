import { describeIds, isStoredId, MisuseError, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { applyBatch } from './apply-batch';
import type { Environment } from '../environment/environment';
import { MissingRecordError } from '../errors';
import { keyOfPlace } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import { placesIn } from '../reading/put-fetched';
import { PrefetchGroup } from '../reading/prefetch';
import { readField } from '../reading/read';
import { inverseOf } from '../reading/fetch';
import { gather } from './gather';
import type { Values } from '../lists/list-commands';
import { load } from '../reading/load';
import type { RecordSet } from '../records/recordset';
import { inTurn } from './in-turn';
import { cachedList, cachedReference, isKeptList } from '../values';
import type { WriteBatch } from './write-batch';

/**
 * Makes a copy of each record: what its fields say is copied, many2many lists included, one2many lists only with `copy: true`; then their
 * records are copied, too, save one that is in its own list, or in that of its members. A record that it delegates to is copied with it, once for all of those
 * in its lists that delegate to it.
 *
 * @param values - put over what is copied, the same for all
 * @returns the copies, in the order of the records
 * @throws {MisuseError} TX_DRAFT_UNSAVED for drafts
 * @throws {MissingRecordError} TX_RECORD_MISSING; then nothing was copied
 * @throws as `create` does
 * @remarks One INSERT a model, beside one statement for each level and list that is read.
 */
export async function copy(set: RecordSet, values: Values): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  return inTurn(tx, 'copy', async () => {
    const ids = set.ids.map((id) => tx.drafts.current(id));
    const drafts = ids.filter((id) => !isStoredId(id));
    if (drafts.length > 0) throw new MisuseError('TX_DRAFT_UNSAVED', `${set.model}(${describeIds(drafts)}) cannot be copied: drafts are not in the database. Save them first, or make another with new().`, { details: { model: set.model, ids: drafts } });
    const model = env.registry.model(set.model);
    const loaded = new Loaded();
    await loadCopied(env, model, ids, loaded);
    const gone = ids.filter((id) => tx.absent.has(model.name, id));
    if (gone.length > 0) throw new MissingRecordError(model.name, gone, 'it was to be copied');
    const { batch, made } = await gather(env, (work) => {
      const copying = new Copying(env, work, loaded);
      return ids.filter(isStoredId).map((id) => copying.row(model, id, values));
    });
    const inserted = await applyBatch(batch);
    return env.recordsOf(model, made.map((id) => inserted.get(id) ?? id));
  });
}

/** What was read to be copied. */
class Loaded {
  /** The values of all companies and languages, by field and record. */
  readonly keyed = new Map<Field, Map<StoredId, KeyedValues>>();
  readonly #ids = new Map<Model, Set<Id>>();

  /** The records of a model. */
  of(model: Model): Set<Id> {
    let ids = this.#ids.get(model);
    if (!ids) this.#ids.set(model, (ids = new Set()));
    return ids;
  }
}

/** Reads all that copying reads, model by model. */
async function loadCopied(env: Environment, start: Model, ids: readonly Id[], loaded: Loaded): Promise<void> {
  const work: { model: Model; ids: readonly Id[] }[] = [{ model: start, ids }];
  for (let next = work.pop(); next; next = work.pop()) {
    const { model } = next;
    const known = loaded.of(model);
    const fresh = next.ids.filter((id) => !known.has(id));
    if (fresh.length === 0) continue;
    for (const id of fresh) known.add(id);
    const copied = [...model.fields.values()].filter(isCopied);
    await load(env, model.name, fresh, copied.filter(({ keyedBy }) => !keyedBy).map(({ name }) => name));
    for (const field of copied) {
      if (!goesWith(model, field)) continue;
      const related = fresh.flatMap((id) => (isKeptList(field) ? (cachedList(env, field, id) ?? []) : (cachedReference(env, field, id) ?? [])));
      work.push({ model: env.registry.model(field.relation?.comodel ?? ''), ids: related });
    }
    const places = await allPlaces(env, copied.filter(({ keyedBy }) => keyedBy), fresh.filter(isStoredId));
    for (const [field, ofField] of places) loaded.keyed.set(field, new Map([...(loaded.keyed.get(field) ?? []), ...ofField]));
  }
}

/**
 * Reads fields with a value for each company or language as their columns keep them, with what is pending over it: memory has the places that
 * somebody asked for.
 *
 * @remarks One statement.
 */
async function allPlaces(env: Environment, fields: readonly Field[], ids: readonly StoredId[]): Promise<ReadonlyMap<Field, ReadonlyMap<StoredId, KeyedValues>>> {
  const tx = env.transaction;
  if (fields.length === 0 || ids.length === 0) return new Map();
  const answer = await tx.below.read({ model: fields[0]?.model ?? '', ids, fields: fields.map(({ name }) => name) });
  const there = new Set(answer.ids);
  tx.absent.add(fields[0]?.model ?? '', ids.filter((id) => !there.has(id)));
  return new Map(fields.map((field, place) => {
    const ofField = new Map(answer.ids.map((id, row) => [id, new KeyedValues(placesIn(answer.columns[place]?.[row]).map(([own, value]) => [keyOfPlace(own), field.fromColumn(value)]))]));
    for (const [key, id, value] of tx.cache.dirtyEntries(field)) {
      // Of others, all that they have was read before.
      const known = isStoredId(id) ? ofField.get(id) : undefined;
      if (isStoredId(id) && known) ofField.set(id, known.with(key, value));
    }
    return [field, ofField];
  }));
}

/** Whether a copy has this field's value; of what the database keeps by itself, or computes anew, it has its own. */
function isCopied(field: Field): boolean {
  return field.isCopied && !field.related && field.isPersistent && (!field.compute || field.isEditable);
}

/** Whether the records a field leads to are copied with their owner. */
function goesWith(model: Model, field: Field): boolean {
  return field.relation?.kind === 'one2many' || model.delegates.includes(field.name);
}

/** A one2many list of which the copy's owner is to have copies. */
interface CopiedList {
  readonly field: Field;
  readonly owner: Id;
  readonly members: readonly Id[];
}

/** What is still to be done for a record and those it delegates to, the next at the end: a member of a list, or to be done with them all. */
type Task = { readonly field: Field; readonly owner: Id; readonly member: StoredId } | { readonly over: readonly (readonly [Model, StoredId])[] };

/** Copies records one after the other, however deep their lists go: never nested in the call stack, save those that a record delegates to. */
class Copying {
  readonly #env: Environment;
  readonly #batch: WriteBatch;
  readonly #loaded: Loaded;
  readonly #groups = new Map<Model, PrefetchGroup>();
  /** The records that are being copied, each for the one before: in a list of it, or because it delegates to it; and their copies, as soon as there are any. */
  readonly #within = new Map<string, Map<StoredId, Id | undefined>>();
  readonly #work: Task[] = [];

  constructor(env: Environment, batch: WriteBatch, loaded: Loaded) {
    this.#env = env;
    this.#batch = batch;
    this.#loaded = loaded;
  }

  /** @returns the temporary id of the copy */
  row(model: Model, id: StoredId, values: Values): Id {
    const copied = this.#begin(model, id, values);
    for (let task = this.#work.pop(); task; task = this.#work.pop()) {
      if ('over' in task) for (const [of, done] of task.over) this.#within.get(of.name)?.delete(done);
      else this.#member(task);
    }
    return copied;
  }

  /** Where lists go round in a circle, who is being copied is not copied once more. */
  #member({ field, owner, member }: { readonly field: Field; readonly owner: Id; readonly member: StoredId }): void {
    const inverse = inverseOf(this.#env.transaction, field);
    const comodel = this.#env.registry.model(inverse.model);
    if (this.#within.get(comodel.name)?.has(member) !== true) this.#begin(comodel, member, {}, new Map([[inverse, owner]]));
  }

  /** Makes the copy of a record, and of those it delegates to; their lists wait. */
  #begin(model: Model, id: StoredId, values: Values, preset?: ReadonlyMap<Field, unknown>): Id {
    const lists: CopiedList[] = [];
    const over: [Model, StoredId][] = [];
    const copied = this.#make(model, id, values, { preset, lists, over });
    this.#work.push({ over });
    for (const { field, owner, members } of lists.toReversed()) for (const member of members.toReversed()) if (isStoredId(member)) this.#work.push({ field, owner, member });
    return copied;
  }

  #make(model: Model, id: StoredId, values: Values, { preset, lists, over }: { readonly preset?: ReadonlyMap<Field, unknown> | undefined; readonly lists: CopiedList[]; readonly over: [Model, StoredId][] }): Id {
    const within = this.#within.get(model.name) ?? new Map<StoredId, Id | undefined>();
    this.#within.set(model.name, within.set(id, undefined));
    over.push([model, id]);
    const { own, delegated } = divided(model, values);
    const known = new Map(preset);
    const kept: Field[] = [];
    for (const field of model.fields.values()) {
      if (known.has(field) || own[field.name] !== undefined || !isCopied(field)) continue;
      if (isKeptList(field)) kept.push(field);
      else if (field.keyedBy) known.set(field, this.#placesOf(field, id));
      else known.set(field, this.#holder(model, field, id, (comodel, holder) => this.#make(comodel, holder, delegated.get(field.name) ?? {}, { lists, over })) ?? this.#valueOf(model, field, id));
    }
    const copied = this.#batch.create(model, own, known).id;
    within.set(id, copied);
    for (const field of kept) {
      const members = this.#valueOf(model, field, id) as readonly Id[]; // as lists are cached
      if (field.relation?.kind === 'one2many') lists.push({ field, owner: copied, members: this.#met(this.#env.registry.model(field.relation.comodel), members) });
      else this.#batch.steps.push({ field, owner: copied, kind: 'set', ids: members });
    }
    return copied;
  }

  /** The copy of the record that another delegates to by this field: it is made for it, unless it is being copied. */
  #holder(model: Model, field: Field, id: StoredId, copyOf: (comodel: Model, holder: StoredId) => Id): Id | undefined {
    const holder = model.delegates.includes(field.name) ? (this.#valueOf(model, field, id) as Id | null) : null; // as a many2one is cached
    if (holder === null || !isStoredId(holder)) return undefined;
    const comodel = this.#env.registry.model(field.relation?.comodel ?? '');
    this.#met(comodel, [holder]);
    const within = this.#within.get(comodel.name);
    return within?.has(holder) === true ? within.get(holder) : copyOf(comodel, holder);
  }

  /** The value in the cache's form. What somebody has forgotten since it was loaded is fetched again: it is not taken for null. */
  #valueOf(model: Model, field: Field, id: StoredId): unknown {
    const known = this.#env.peek(field, id);
    if (known !== undefined && !field.compute && !isKeptList(field)) return known;
    let group = this.#groups.get(model);
    if (!group) this.#groups.set(model, (group = new PrefetchGroup(this.#env, () => [...this.#loaded.of(model)])));
    readField(this.#env.recordsOf(model, [id], group), field);
    return this.#env.peek(field, id);
  }

  /** Makes sure that records were loaded: of a list that was fetched again, not all may have been. @returns them */
  #met(model: Model, ids: readonly Id[]): readonly Id[] {
    const known = this.#loaded.of(model);
    const fresh = ids.filter((id) => isStoredId(id) && !known.has(id));
    const { execution } = this.#env.transaction;
    const key = `copied ${model.name}:${fresh.map(String).join()}`;
    // What went wrong with it is thrown here.
    if (fresh.length > 0 && execution?.answers?.get(key) === undefined) execution?.ask({ key, fetch: () => loadCopied(this.#env, model, fresh, this.#loaded).then(() => []) });
    return ids;
  }

  /** Null where it has none, so that a default does not come in. */
  #placesOf(field: Field, id: StoredId): unknown {
    const values = this.#loaded.keyed.get(field)?.get(id);
    return values && values.values().length > 0 ? values : null;
  }
}

/** Values of the record itself, and those of the records that it delegates to. */
function divided(model: Model, values: Values): { readonly own: Values; readonly delegated: ReadonlyMap<string, Values> } {
  const own: Record<string, unknown> = {};
  const delegated = new Map<string, Record<string, unknown>>(model.delegates.map((name) => [name, {}]));
  for (const [name, value] of Object.entries(values)) {
    const [holder = '', shown = ''] = model.fields.get(name)?.related ?? [];
    const ofHolder = values[holder] === undefined ? delegated.get(holder) : undefined;
    if (ofHolder) ofHolder[shown] = value;
    else own[name] = value;
  }
  return { own, delegated };
}
