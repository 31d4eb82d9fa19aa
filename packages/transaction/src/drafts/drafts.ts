import { isStoredId, NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { DraftForgottenError } from '../errors';
import { groupBy } from '../group-by';
import type { UndoLog } from '../undo/undo-log';

/**
 * The drafts of a transaction: records with a temporary id, which the database does not know, and the values they were given.
 *
 * The cache holds those values too, but may forget them; here they stay until the draft is saved or the transaction ends.
 * @see Odoo's new records and `NewId`
 */
export class Drafts {
  readonly #ids = new Map<string, Set<NewId>>();
  readonly #values = new Map<NewId, Map<Field, unknown>>();
  readonly #shadows = new Map<string, Map<StoredId, NewId>>();
  /** Drafts that stand for stored records in the one2many lists of other drafts, by the owner. */
  readonly #standIns = new Map<NewId, Map<Field, Map<StoredId, NewId>>>();
  readonly #isStandIn = new WeakSet<NewId>();
  /** Computed values that no longer follow the origin: something they are computed from differs. */
  readonly #diverged = new Map<NewId, Set<Field>>();
  /** The ids that drafts are to have when they are saved, where somebody said. */
  readonly #named = new WeakMap<NewId, StoredId>();
  readonly #saved = new Map<NewId, StoredId>();
  /** What `clear` and `reset` took away while somebody may still hold it: it must not pass for an empty draft. */
  readonly #forgotten = new Map<NewId, string>();
  /** The drafts that were given an owner, by many2one and owner, as far as somebody has asked since any was given another. */
  readonly #held = new Map<Field, ReadonlyMap<unknown, readonly NewId[]>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Whether there never was one. */
  get isEmpty(): boolean {
    return this.#ids.size === 0 && this.#saved.size === 0 && this.#forgotten.size === 0;
  }

  /** The drafts of a model that have not been saved. */
  of(model: string): readonly NewId[] {
    return [...(this.#ids.get(model) ?? [])];
  }

  /** The drafts of a model whose many2one was given this owner. */
  heldBy(inverse: Field, owner: NewId): readonly NewId[] {
    let held = this.#held.get(inverse);
    if (!held) {
      held = groupBy(this.#ids.get(inverse.model) ?? [], (id) => this.given(id).get(inverse));
      this.#held.set(inverse, held);
    }
    return held.get(owner) ?? [];
  }

  /** Whether there is such a draft now. */
  has(model: string, id: NewId): boolean {
    return this.#ids.get(model)?.has(id) ?? false;
  }

  add(model: string, id: NewId): void {
    let ids = this.#ids.get(model);
    if (!ids) this.#ids.set(model, (ids = new Set<NewId>()));
    // Who is there already stays when this is taken back.
    if (ids.has(id)) return;
    ids.add(id);
    this.#held.clear();
    this.#undo.push(() => this.#forget(model, id));
  }

  /** A draft is to have this id when it is saved. It is told before anybody has the draft: there is nothing to take back. */
  name(id: NewId, stored: StoredId): void {
    this.#named.set(id, stored);
  }

  /** The id that a draft is to have, where somebody said. */
  nameOf(id: NewId): StoredId | undefined {
    return this.#named.get(id);
  }

  /** The draft that stands for a stored record in the lists of other drafts, many2many: those of stored records know nothing of it. */
  shadowOf(model: string, origin: StoredId): NewId {
    let shadows = this.#shadows.get(model);
    if (!shadows) this.#shadows.set(model, (shadows = new Map<StoredId, NewId>()));
    const known = shadows.get(origin);
    if (known) return known;
    const made = new NewId({ origin });
    const ofModel = shadows;
    ofModel.set(origin, made);
    this.#undo.push(() => ofModel.delete(origin));
    this.add(model, made);
    return made;
  }

  /** The draft that stands for a stored record in a draft's one2many list: the same one as long as the owner lives. */
  standIn(list: Field, owner: NewId, origin: StoredId): NewId | undefined {
    return this.#standIns.get(owner)?.get(list)?.get(origin);
  }

  addStandIn(list: Field, owner: NewId, origin: StoredId): NewId {
    const made = new NewId({ origin });
    let ofOwner = this.#standIns.get(owner);
    if (!ofOwner) this.#standIns.set(owner, (ofOwner = new Map<Field, Map<StoredId, NewId>>()));
    const ofList = ofOwner.get(list) ?? new Map<StoredId, NewId>();
    ofOwner.set(list, ofList.set(origin, made));
    this.#isStandIn.add(made);
    this.#undo.push(() => ofList.delete(origin));
    this.add(list.relation?.comodel ?? '', made);
    return made;
  }

  /** Whether nobody has made this draft but a list that holds the stored record. */
  isStandIn(id: NewId): boolean {
    return this.#isStandIn.has(id);
  }

  /** Lets go of a draft whose record is gone. */
  drop(model: string, id: NewId): void {
    const values = this.#values.get(id);
    if (!this.#forget(model, id)) return;
    this.#undo.push(() => {
      this.#bringBack(model, id, values);
    });
  }

  /** A computed value of a draft is worked out from the draft from now on. */
  diverge(field: Field, id: NewId): void {
    const fields = this.#diverged.get(id) ?? new Set<Field>();
    if (fields.has(field)) return;
    this.#diverged.set(id, fields.add(field));
    this.#undo.push(() => fields.delete(field));
  }

  hasDiverged(field: Field, id: NewId): boolean {
    return this.#diverged.get(id)?.has(field) ?? false;
  }

  /** What a draft was given, by field. */
  given(id: NewId): ReadonlyMap<Field, unknown> {
    return this.#values.get(id) ?? NOTHING;
  }

  /** Keeps a value that a draft was given; `undefined` forgets it. */
  keep(field: Field, id: NewId, value: unknown): void {
    let values = this.#values.get(id);
    if (!values) this.#values.set(id, (values = new Map<Field, unknown>()));
    const own = values;
    const before = own.get(field);
    this.#put(own, field, value);
    this.#undo.push(() => {
      this.#put(own, field, before);
    });
  }

  /** The draft is a record of the database now. */
  saveAs(model: string, id: NewId, stored: StoredId): void {
    this.#saved.set(id, stored);
    this.#undo.push(() => this.#saved.delete(id));
    this.drop(model, id);
  }

  /** The id of a record now: that of the database, once a draft has been saved. @throws {DraftForgottenError} TX_DRAFT_FORGOTTEN */
  current(id: Id): Id {
    if (isStoredId(id)) return id;
    const saved = this.#saved.get(id);
    if (saved !== undefined) return saved;
    const model = this.#forgotten.get(id);
    if (model !== undefined) throw new DraftForgottenError(model, id);
    return id;
  }

  /** Ids as their owner shows them: those of the database where drafts have been saved. */
  shown(ids: readonly Id[]): readonly Id[] {
    if (this.#saved.size === 0) return ids;
    return ids.some((id) => !isStoredId(id) && this.#saved.has(id)) ? Object.freeze([...new Set(ids.map((id) => (isStoredId(id) ? id : (this.#saved.get(id) ?? id))))]) : ids;
  }

  /** Lets go of every draft that has not been saved; whoever uses one afterwards is told. */
  clear(): void {
    for (const [model, ids] of [...this.#ids]) {
      for (const id of ids) {
        const values = this.#values.get(id);
        this.#forget(model, id);
        this.#forgotten.set(id, model);
        this.#undo.push(() => {
          this.#forgotten.delete(id);
          this.#bringBack(model, id, values);
        });
      }
    }
  }

  #put(values: Map<Field, unknown>, field: Field, value: unknown): void {
    if (value === undefined) values.delete(field);
    else values.set(field, value);
    if (field.relation?.kind === 'many2one') this.#held.clear();
  }

  #bringBack(model: string, id: NewId, values: Map<Field, unknown> | undefined): void {
    this.#ids.set(model, (this.#ids.get(model) ?? new Set()).add(id));
    if (values) this.#values.set(id, values);
    this.#held.clear();
  }

  #forget(model: string, id: NewId): boolean {
    this.#held.clear();
    this.#values.delete(id);
    const ids = this.#ids.get(model);
    const was = ids?.delete(id) ?? false;
    if (ids?.size === 0) this.#ids.delete(model);
    if (id.origin !== undefined && this.#shadows.get(model)?.get(id.origin) === id) this.#shadows.get(model)?.delete(id.origin);
    return was;
  }
}

const NOTHING: ReadonlyMap<Field, unknown> = new Map();
