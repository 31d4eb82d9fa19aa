import { isStoredId, MisuseError, typeName, type Id, type NewIdOptions, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { argument, assertIds, assertNames, assertOptions, assertValues } from '../check-call';
import { copy } from '../writing/copy';
import { create } from '../writing/create';
import type { Environment } from '../environment/environment';
import type { Values } from '../lists/list-commands';
import { loadRecords } from '../reading/load-records';
import { fireModified } from '../triggers/modified';
import { newDraft } from '../drafts/new-draft';
import { Query } from '../querying/query';
import { Members, membersOf, onlyIdOf } from './members';
import { PrefetchGroup } from '../reading/prefetch';
import { readGroup, type Group, type GroupOptions } from '../querying/read-group';
import { readApi, readField } from '../reading/read';
import { refuseAssigning } from './fixed-properties';
import { RecordIterator, tryOut } from './record-iterator';
import { recordGuard } from './record-guard';
import { recomputeFields } from '../computing/recompute';
import { save } from '../drafts/save';
import { count, existing, search, type SearchOptions } from '../querying/search';
import { filtered, grouped, mapped, sorted, unique, type SortKey } from './set-operations';
import { assign } from '../writing/assign';
import { unlink } from '../writing/unlink';
import { write } from '../writing/write';

const DRAFT_OPTIONS: readonly string[] = ['origin', 'ref'] satisfies readonly (keyof NewIdOptions)[];

/** Where a record keeps its model: no name that a field could have. */
export const DEFINITION: unique symbol = Symbol('definition');

/**
 * An ordered, immutable set of records of one model in one environment.
 *
 * Field accessors live on the class made for each model (`recordClassOf`) and work on single records; everything else is here.
 * Iterating gives single records that share the set's prefetch group: a miss on one fetches all.
 * @see docs/ladder.md; Odoo's recordsets
 */
export class RecordSet implements Iterable<RecordSet> {
  /** The records that are fetched together with a miss on these. */
  readonly prefetchGroup: PrefetchGroup;
  /**
   * The id of a single record, or what a set holds. Programs walk over many single records: the less one holds, the faster they do.
   *
   * The name is none that a field could have, and no private one: those are slow where records of many models are asked.
   */
  readonly 'own ids': Id | Members;

  /** @param members - the id of a single record, or a set's */
  constructor(group: PrefetchGroup, members: Id | Members) {
    this.prefetchGroup = group;
    this['own ids'] = members;
  }

  get env(): Environment {
    return this.prefetchGroup.env;
  }

  get ids(): readonly Id[] {
    const members = membersOf(this);
    if (members instanceof Members) return this.env.transaction.drafts.shown(members.ids);
    return typeof members === 'object' ? this.env.transaction.drafts.shown([members]) : [members];
  }

  /** The model's name. */
  get model(): string {
    return madeFrom(this).name;
  }

  get length(): number {
    const members = membersOf(this);
    return members instanceof Members ? members.ids.length : 1;
  }

  /** The id of a single record; of a draft that has been saved, that of the record it has become. @throws {NotSingletonError} TX_NOT_SINGLETON */
  get id(): Id {
    const id = onlyIdOf(this, 'id');
    return typeof id === 'object' ? (this.ids[0] ?? id) : id;
  }

  /** The ids fetched together with a miss on these records. */
  get prefetchIds(): readonly Id[] {
    return this.prefetchGroup.ids();
  }

  static definitionOf(records: RecordSet): Model {
    return definitionOf(records);
  }

  /** Records by id; repeats are dropped. Nothing is asked of the database: `exists` tells which are there. */
  browse(ids: Id | readonly Id[]): RecordSet {
    const list: readonly unknown[] = Array.isArray(ids) ? ids : [ids];
    assertIds(definitionOf(this), list);
    // As they were checked; and a copy, because sets are immutable and the caller's list is not.
    const own = [...new Set(list as readonly Id[])];
    return setOf(this, own, PrefetchGroup.browsed(this.env, own));
  }

  /** The record at a place, counted from the end when negative, or undefined. */
  at(index: number): RecordSet | undefined {
    const id = this.ids.at(index);
    return id === undefined ? undefined : setOf(this, [id], this.prefetchGroup);
  }

  /** The first record, or undefined. */
  first(): RecordSet | undefined {
    return this.at(0);
  }

  /** This very set, if it holds one record. @throws {NotSingletonError} TX_NOT_SINGLETON */
  ensureOne(): this {
    onlyIdOf(this, 'id');
    return this;
  }

  [Symbol.iterator](): Iterator<RecordSet> {
    const members = membersOf(this);
    return new RecordIterator(members instanceof Members ? members.singles(this) : [this, undefined]);
  }

  /** The same records in another environment. */
  withEnv(env: Environment): RecordSet {
    return env.recordsOf(env.registry.model(this.model), this.ids, PrefetchGroup.of(env, this.prefetchGroup.ids()));
  }

  /**
   * Follows a path: the union of the records it leads to, or the values of its last field, one per record.
   *
   * @param path - field names with dots, `'country.name'`
   */
  mapped(path: string): RecordSet | readonly unknown[] {
    return mapped(this, path);
  }

  /** The records for which `keep` is true, in order. */
  filtered(keep: (record: RecordSet) => boolean): RecordSet {
    return filtered(this, keep);
  }

  /** The records in the order of a key; equal keys keep their order. Null comes last. */
  sorted(key: (record: RecordSet) => SortKey, direction: 'asc' | 'desc' = 'asc'): RecordSet {
    return sorted(this, key, direction);
  }

  /** The records by the value of a key, in the order the keys first come. Records and dates are equal by what they stand for: the first one is the key. */
  grouped<K>(key: (record: RecordSet) => K): Map<K, RecordSet> {
    return grouped(this, key);
  }

  /** These records, then those of the other set that are not among them. */
  union(other: RecordSet): RecordSet {
    return setOf(this, unique([...this.ids, ...idsOfSame(this, other)]));
  }

  /** The records that are in both, in this order. */
  intersect(other: RecordSet): RecordSet {
    const kept = new Set(idsOfSame(this, other));
    return setOf(this, this.ids.filter((id) => kept.has(id)));
  }

  /** The records that are not in the other set. */
  subtract(other: RecordSet): RecordSet {
    const gone = new Set(idsOfSame(this, other));
    return setOf(this, this.ids.filter((id) => !gone.has(id)));
  }

  /**
   * Brings paths into memory, so that plain property reads answer: level by level, a batch a level.
   *
   * @param paths - field names with dots
   * @throws {UnknownFieldError} FIELD_UNKNOWN for a misspelt path, with the nearest name
   * @remarks At most one statement per distinct path prefix and kind of field; none for what is loaded.
   */
  load(paths: readonly string[]): Promise<this> {
    assertMayWait(this, 'load');
    assertNames('load', paths);
    return this.env.transaction.exclusive.asking('load', () => loadRecords(this, paths)).then(() => this);
  }

  /** Plain objects of the named fields, one per record: many2one as id, lists as ids. Loads what is missing. */
  read(fields: readonly string[]): Promise<Record<string, unknown>[]> {
    assertMayWait(this, 'read');
    assertNames('read', fields);
    return readApi(this, fields);
  }

  /** Makes new records; one value gives one record, a list gives a set. One INSERT, whatever their number. */
  create(values: Values | readonly Values[]): Promise<RecordSet> {
    assertMayWait(this, 'create');
    const list = Array.isArray(values) ? (values as readonly Values[]) : [values as Values];
    for (const one of list) assertValues('create', one);
    return create(this, list);
  }

  /**
   * A draft: a record in memory only, of which everything may be null, until `save`.
   *
   * @param values - as `create` takes them; what is required may be left out
   * @param options - `origin`: the stored record it is an edited copy of, whose values it reads where it has none of its own; `ref`: a name
   * by which the caller finds it again
   */
  new(values: Values = {}, options: NewIdOptions = {}): RecordSet {
    assertValues('new', values);
    assertOptions('new', options, DRAFT_OPTIONS);
    if (options.origin !== undefined) assertIds(definitionOf(this), [options.origin], 'new');
    this.env.transaction.exclusive.assertMayCall('new');
    return this.browse(newDraft(this.env, definitionOf(this), values, options));
  }

  /**
   * Inserts drafts, and those that they refer to and that their lists hold. A draft with an origin is written to it.
   *
   * @returns the records, as they are in the database now; the drafts themselves go on working, and stand for them
   * @remarks One INSERT a model.
   */
  save(): Promise<RecordSet> {
    assertMayWait(this, 'save');
    return save(this);
  }

  /** Makes a copy of each record; values go over what is copied. See the field option `copy`. One INSERT a model. */
  copy(values: Values = {}): Promise<RecordSet> {
    assertMayWait(this, 'copy');
    assertValues('copy', values);
    return copy(this, values);
  }

  /** Sets the same values on all records. Memory only, until the flush; resolves the triggers it meets. */
  write(values: Values): Promise<void> {
    assertMayWait(this, 'write');
    assertValues('write', values);
    return write(this, values);
  }

  /** Deletes the records, and what cascades from them, at once. */
  unlink(): Promise<void> {
    assertMayWait(this, 'unlink');
    return unlink(this);
  }

  /** The records among these that are in the database. One statement. */
  exists(): Promise<RecordSet> {
    assertMayWait(this, 'exists');
    return existing(this);
  }

  /** Finds records by a filter. Flushes first; one statement. */
  search(filter: unknown = {}, options: SearchOptions = {}): Promise<RecordSet> {
    assertMayWait(this, 'search');
    return search(this, filter, options);
  }

  /** Groups records by what they have in common, with figures of each group. Flushes what it looks at; one statement. */
  readGroup(options: GroupOptions): Promise<readonly Group[]> {
    assertMayWait(this, 'readGroup');
    return readGroup(this, options);
  }

  /** A search that is sent when its answer is wanted; it may be iterated inside `env.run` and in computes. */
  where(filter: unknown = {}): Query {
    return new Query(this, { filter, prefetch: [] });
  }

  /** Counts records by a filter. Flushes first; one statement. */
  count(filter: unknown = {}): Promise<number> {
    assertMayWait(this, 'count');
    return count(this, filter);
  }

  /** Says that stored values of these fields have changed by other ways than assignment: their dependents are marked. */
  modified(fields: readonly string[]): void {
    assertNames('modified', fields);
    for (const name of fields) fireModified(this.env.transaction, this.env.registry.field(this.model, name), this.ids);
  }

  /** Forgets clean cached values, of all fields when none is named; pending ones stay. What nothing is left of has no version any more. */
  invalidate(fields?: readonly string[]): void {
    const { cache, versions } = this.env.transaction;
    const chosen = fieldsOf(this, 'invalidate', fields);
    cache.invalidate(chosen.map((field) => [field, this.ids]));
    // Where such a relation led is known from memory alone, by which what was computed through it is found.
    for (const field of chosen) if (field.relation && field.keyedBy) fireModified(this.env.transaction, field, this.ids);
    if (versions && !fields) versions.forget(this.model, this.ids.filter((id): id is StoredId => isStoredId(id) && !cache.hasDirtyFields(this.browse(id))));
  }

  /** Marks computed stored fields of these records, and computes them. */
  recompute(fields?: readonly string[]): Promise<void> {
    assertMayWait(this, 'recompute');
    const chosen = (): readonly Field[] => fieldsOf(this, 'recompute', fields);
    const plain = fields && chosen().find(({ compute }) => !compute);
    if (plain) throw argument('recompute', plain.name, `computed fields: nothing computes ${plain.toString()}`);
    return recomputeFields(this.env.transaction, () => chosen().filter((field) => field.compute && (fields !== undefined || field.isStored)), this.ids);
  }

  /** Computes and writes what is pending of these records: of the fields named, or of all. */
  flush(fields?: readonly string[]): Promise<void> {
    return this.env.transaction.flush(fieldsOf(this, 'flush', fields).map((field) => [field, this.ids] as const));
  }

  toString(): string {
    return `${this.model}(${this.ids.map(String).join(', ')})`;
  }

  /** What JSON.stringify and loggers show: which records, and nothing of their values. `read` gives values. */
  toJSON(): { readonly model: string; readonly ids: readonly string[] } {
    return { model: this.model, ids: this.ids.map(String) };
  }

  /** Reads a field by name, as the property does. @throws {UnknownFieldError} FIELD_UNKNOWN */
  get(name: string): unknown {
    return readField(this, this.env.registry.field(this.model, name));
  }

  /** Assigns a field by name, as the property does. @throws {UnknownFieldError} FIELD_UNKNOWN */
  set(name: string, value: unknown): void {
    assign(this, this.env.registry.field(this.model, name), value);
  }
}

Object.setPrototypeOf(RecordSet.prototype, recordGuard);

refuseAssigning(RecordSet.prototype);

// What `console.log` shows. Here, because declarations that are made file by file cannot name a member by a symbol that is looked up.
Object.defineProperty(RecordSet.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: RecordSet) {
    return this.toString();
  },
});

/** The model that records are of, in the version that their transaction works with. */
function definitionOf(records: RecordSet): Model {
  const { hasReset, registry } = records.env.transaction;
  return hasReset ? registry.model(records.model) : madeFrom(records);
}

/** The model that their class was made from: on its prototype, where it is in nobody's way. */
function madeFrom(records: RecordSet): Model {
  // Put there when the class was made; like the above, it cannot be declared as a member.
  return (records as unknown as { readonly [DEFINITION]: Model })[DEFINITION];
}

// What follows are functions, because private methods would cost every record eight bytes.

/** The fields named, or all. */
function fieldsOf(records: RecordSet, call: string, names: readonly string[] | undefined): readonly Field[] {
  if (!names) return [...definitionOf(records).fields.values()];
  assertNames(call, names);
  return names.map((name) => records.env.registry.field(records.model, name));
}

/** Refuses a call that returns a promise while a function runs that must not wait. */
function assertMayWait(records: RecordSet, call: string): void {
  records.env.transaction.assertOutsideRun(call);
}

/** Records of the same model, in the same environment. */
function setOf(records: RecordSet, ids: readonly Id[], group?: PrefetchGroup): RecordSet {
  return records.env.recordsOf(definitionOf(records), ids, group);
}

/** The ids of a set that is joined or compared with another. @throws {MisuseError} TX_ARGUMENT when it is of another model */
function idsOfSame(records: RecordSet, other: RecordSet): readonly Id[] {
  if (other instanceof RecordSet && other.model === records.model) return other.ids;
  const given = other instanceof RecordSet ? `records of ${other.model}` : typeName(other);
  throw new MisuseError('TX_ARGUMENT', `Records of ${records.model} were to be joined or compared with ${given}. Give a set of ${records.model}.`);
}

// Nobody asks these records for anything but to be gone through.
const noGroup = undefined as unknown as PrefetchGroup;
tryOut(new RecordSet(noGroup, new Members([])));
tryOut(new RecordSet(noGroup, 1));
