import type { ChangeRow, Tag } from './change-log';
import type { StoredId } from './id';
import { VERSION_FIELD, type Schema } from './schema';

/** Fields that changed; null: any. */
type ChangedFields = ReadonlySet<string> | null;

/** What changed of one model. */
interface ModelChanges {
  /** Of no record in particular. */
  whole: ChangedFields | undefined;
  /** Of any record. */
  any: ChangedFields | undefined;
  readonly byId: Map<string, ChangedFields>;
  /** What statements were told to do and nobody has asked for yet: a hundred thousand ids take no time until somebody does. */
  unsorted: { readonly ids: readonly StoredId[]; readonly fields: ChangedFields }[];
}

/** A change by the names of a schema. */
export type Change = Omit<ChangeRow, 'xid'>;

/**
 * What a transaction has changed itself, as far as it knows: what it was told to, and what it found in its own rows of the log.
 *
 * What a savepoint takes back stays: it is a reason not to use a cache, never one to use it.
 */
export class OwnChanges {
  readonly #models = new Map<string, ModelChanges>();
  #touched: Tag[] = [];
  /** What statements were told to do since what they did was last looked at. */
  #told: { readonly model: string; readonly ids: readonly StoredId[]; readonly fields: ChangedFields }[] = [];

  /** Whether it has written anything at all. */
  get hasAny(): boolean {
    return this.#models.size > 0;
  }

  /** Notes what a statement was told to do. @param fields - null: records come or go */
  wrote(model: string, ids: readonly StoredId[], fields: readonly string[] | null): void {
    if (ids.length === 0) return;
    const changes = this.#of(model);
    const set = fields && new Set(fields);
    changes.any = joined(changes.any, set);
    changes.unsorted.push({ ids, fields: set });
    this.#told.push({ model, ids, fields: set });
  }

  /**
   * Notes what was found changed since the last call, whoever did it, and keeps it for {@link takeTouched} unless the statements said so: as often as they
   * did, for a trigger may change once more what a statement has.
   */
  met(changes: readonly Change[]): void {
    const told = toldById(this.#told);
    this.#told = [];
    for (const change of changes) {
      if (change.fields?.length === 0 || isTold(told, change)) continue;
      const of = this.#of(change.model);
      const set = change.fields && new Set(change.fields);
      of.any = joined(of.any, set);
      if (change.id === null) of.whole = joined(of.whole, set);
      else noteId(of, change.id, set);
      this.#touched.push({ model: change.model, ...change.id !== null && { id: change.id }, ...change.fields && { fields: change.fields } });
    }
  }

  /** Statements were taken back: what they were told says nothing of what will be met. */
  forgetTold(): void {
    this.#told = [];
  }

  /** What was met since the last call. */
  takeTouched(): readonly Tag[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  has({ model, id, fields }: Tag): boolean {
    const changes = this.#models.get(model);
    if (!changes) return false;
    if (id === undefined) return concern(changes.any, fields);
    return concern(changes.whole, fields) || concern(ofId(changes, id), fields);
  }

  #of(model: string): ModelChanges {
    let changes = this.#models.get(model);
    if (!changes) {
      changes = { whole: undefined, any: undefined, byId: new Map(), unsorted: [] };
      this.#models.set(model, changes);
    }
    return changes;
  }
}

/** The fields that an update changes: the database raises the version by itself. */
export function updatedFields(schema: Schema, model: string, fields: readonly string[]): readonly string[] {
  return schema.table(model).versioned ? [...fields, VERSION_FIELD] : fields;
}

function noteId({ byId }: ModelChanges, id: StoredId, fields: ChangedFields): void {
  const name = String(id);
  byId.set(name, joined(byId.get(name), fields));
}

/** What changed of one record. */
function ofId(changes: ModelChanges, id: StoredId): ChangedFields | undefined {
  const { unsorted } = changes;
  changes.unsorted = [];
  for (const { ids, fields } of unsorted) for (const each of ids) noteId(changes, each, fields);
  return changes.byId.get(String(id));
}

function joined(known: ChangedFields | undefined, more: ChangedFields): ChangedFields {
  if (known === undefined) return more;
  return known === null || more === null ? null : known === more ? known : new Set([...known, ...more]);
}

function concern(changed: ChangedFields | undefined, looked: readonly string[] | undefined): boolean {
  if (changed === undefined) return false;
  return changed === null || looked === undefined || looked.some((field) => changed.has(field));
}

/** Model and record → how often statements were told to change it, and what. */
type ToldById = ReadonlyMap<string, Map<string, { count: number; fields: ChangedFields }>>;

function toldById(told: readonly { readonly model: string; readonly ids: readonly StoredId[]; readonly fields: ChangedFields }[]): ToldById {
  const models = new Map<string, Map<string, { count: number; fields: ChangedFields }>>();
  for (const { model, ids, fields } of told) {
    let records = models.get(model);
    if (!records) models.set(model, (records = new Map<string, { count: number; fields: ChangedFields }>()));
    for (const id of ids) {
      const known = records.get(String(id));
      records.set(String(id), { count: (known?.count ?? 0) + 1, fields: joined(known?.fields, fields) });
    }
  }
  return models;
}

function isTold(told: ToldById, { model, id, fields }: Change): boolean {
  const known = id === null ? undefined : told.get(model)?.get(String(id));
  if (!known || known.count === 0 || !includes(known.fields, fields)) return false;
  known.count -= 1;
  return true;
}

function includes(known: ChangedFields | undefined, fields: readonly string[] | null): boolean {
  if (known === undefined) return false;
  return known === null || (fields?.every((field) => known.has(field)) ?? false);
}
