import { isStoredId, NewId, type Id, type StoredId } from '@ormolu/kernel';
import { fieldOf, type Field, type Model } from '@ormolu/registry';
import { refuseAbsent } from './assign-cached';
import { writable } from '../records/convert';
import { givenId, requireId, takesIds } from './given-id';
import { defaultOf } from '../records/defaults';
import type { Environment } from '../environment/environment';
import { computedListCommands, followCommands, presentList, refusedForNew, type ComputedListCommand, type MadeCommand } from '../lists/computed-lists';
import { KeyedValues } from '../environment/keyed-values';
import { DraftError, RequiredError, WriteRefusedError } from '../errors';
import { listCommands, type Values } from '../lists/list-commands';
import { Delegated } from './delegated';
import { deletedHere, leave, MadeRows } from './made-rows';
import { takeWhole, type ListPut } from './list-puts';
import { refuseMissing } from '../reading/meet-records';
import { isKeptList, isList, referredBy } from '../values';
import { RowShape, RowValues } from './row-values';
import type { ListStep, NewRow, Put } from './batch-parts';
import { fieldsOf } from './fields-of';

/**
 * Everything that one call of `create` or `write` is to do, whichever models it concerns: checked as a whole before any of it is
 * done, so that bad input leaves nothing, and done in one statement a model.
 */
export class WriteBatch {
  readonly env: Environment;
  readonly rows: NewRow[] = [];
  readonly puts: Put[] = [];
  /** In the order of the call, with the whole lists that are given for the same fields. */
  readonly listPuts: ListPut[] = [];
  readonly steps: ListStep[] = [];
  /** The records of the database whose lists are written, by model. */
  readonly owners: Map<string, Set<Id>> = new Map();
  /** The fields that values were given for, wherever they stood. */
  readonly named: Set<Field> = new Set();
  readonly #shape = new RowShape();
  readonly #made = new MadeRows(this.rows);
  /** The computed lists that commands were given for. */
  readonly #inOrder = new Set<Field>();
  readonly #absentThen: number;

  constructor(env: Environment) {
    this.env = env;
    this.#absentThen = env.transaction.absent.version;
  }

  /** Looks once more whether what is referred to is there: others may have deleted it since. @throws {MissingRecordError} TX_RECORD_MISSING */
  refuseGone(): void {
    if (this.env.transaction.absent.version === this.#absentThen) return;
    for (const { field, kind, ids } of this.steps) if (kind === 'link' || kind === 'set') refuseMissing(this.env.transaction, field, ids);
    const lookAt = (field: Field, cached: unknown): void => {
      if (cached instanceof KeyedValues) for (const one of cached.values()) lookAt(field, one);
      else if (field.relation?.kind === 'many2one' || field.kind === 'reference') this.#refuseMissing(field, cached);
    };
    for (const { field, cached } of this.puts) lookAt(field, cached);
    for (const { values } of this.rows) for (const [field, cached] of values) lookAt(field, cached);
  }

  /**
   * Values for records that exist, or that were made here under ids of their own, commands for their lists included.
   *
   * @throws {UnknownFieldError} FIELD_UNKNOWN
   * @throws {WriteRefusedError} TX_WRITE_REFUSED, TX_REQUIRED, TX_COMMAND_INVALID
   * @throws {FieldValueError} FIELD_VALUE_INVALID
   * @throws {MissingRecordError} TX_RECORD_MISSING when one is known to be missing
   */
  write(model: Model, ids: readonly Id[], values: Values): void {
    const { known, rows } = this.#made.among(model, ids);
    for (const row of rows) this.#rewrite(row, values);
    if (rows.length > 0 && known.length === 0) return;
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const field = fieldOf(model, name);
      this.named.add(field);
      if (isKeptList(field)) this.#list(field, known, value);
      else {
        // Behind the rows of the call it would be refused too late.
        refuseAbsent(this.env.transaction, field, known);
        if (isList(field)) this.#computedList(field, known, value);
        else this.puts.push({ field, ids: known, cached: this.#made.asMember(field, writable(field, value)) });
      }
    }
  }

  /** A record that was made here is not there yet: its row gets the values, as if it had been given them at once. */
  #rewrite(row: NewRow, values: Values): void {
    const { model } = row;
    const delegated = new Delegated(model);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const field = fieldOf(model, name);
      this.named.add(field);
      if (delegated.shows(field)) delegated.give(field, value);
      else if (isList(field) && !isKeptList(field)) this.#computedList(field, [row.id], value);
      else if (isKeptList(field) || field.isStored || field.inverse) this.#give(row, field, value);
      else this.puts.push({ field, ids: [row.id], cached: writable(field, value) });
    }
    for (const [name, given] of delegated.holders) {
      const field = fieldOf(model, name);
      this.#writeHolder(field, row.values.get(field) as Id, given); // every new record that delegates has one
    }
  }

  #writeHolder(field: Field, holder: Id, values: Values): void {
    const row = isStoredId(holder) ? undefined : this.#made.of(holder);
    if (row) this.#rewrite(row, values);
    else this.write(this.env.registry.model(field.relation?.comodel ?? ''), [holder], values);
  }

  /**
   * A new record, with those that its lists and the models it delegates to make new.
   *
   * @param preset - what the caller knows of it beside the values, in the cache's form
   * @param id - its temporary id, that of a draft or a new one
   * @throws as {@link write}
   */
  create(model: Model, values: Values, preset: ReadonlyMap<Field, unknown> = NO_PRESET, id: NewId = new NewId()): NewRow {
    const given = takesIds(model) ? givenId(model, values, 'create') : undefined;
    requireId(model, given);
    const row: NewRow = { id, model, given, values: new RowValues(this.#shape) };
    this.rows.push(row);
    this.#made.add(row);
    const delegated = new Delegated(model);
    for (const [field, cached] of preset) {
      if (delegated.shows(field)) delegated.give(field, field.toUser(cached));
      else if (field.isRequired && isLacking(cached)) writable(field, null);
      else row.values.set(field, cached);
    }
    // Not by entries: a pair for each of a million values is most of what this costs.
    for (const name of Object.keys(values)) {
      const value = values[name];
      if (value === undefined || (given !== undefined && name === 'id')) continue;
      const field = fieldOf(model, name);
      this.named.add(field);
      if (delegated.shows(field)) {
        delegated.give(field, value);
        continue;
      }
      this.#give(row, field, value);
      if (preset.has(field) && !isList(field) && preset.get(field) !== row.values.get(field)) throw otherOwner(field);
    }
    for (const [name, given] of delegated.holders) this.#delegate(row, fieldOf(model, name), given);
    this.#complete(row, values);
    return row;
  }

  /** @throws {MissingRecordError} TX_RECORD_MISSING for a reference to who is known to be missing, and not made here */
  #give(row: NewRow, field: Field, value: unknown): void {
    if (isKeptList(field)) this.#list(field, [row.id], value);
    else if (isList(field)) row.values.set(field, this.#newComputedList(field, value));
    else {
      const cached = this.#made.asMember(field, writable(field, value));
      if (field.relation || field.kind === 'reference') this.#refuseMissing(field, cached);
      row.values.set(field, cached);
    }
  }

  /** Gives a new record the record that it delegates to: a new one, unless one was named. */
  #delegate(row: NewRow, field: Field, values: Values): void {
    const comodel = this.env.registry.model(field.relation?.comodel ?? '');
    const holder = row.values.get(field) as Id | null | undefined; // a many2one's canonical form
    if (holder === undefined || holder === null) row.values.set(field, this.create(comodel, values).id);
    else this.#writeHolder(field, holder, values);
  }

  /** Fills in defaults, and asks for what is required. Computed fields without a value of their own are left out. */
  #complete(row: NewRow, given: Values): void {
    for (const field of completedOf(row.model)) {
      if (row.values.has(field) || given[field.name] !== undefined) continue;
      if (isKeptList(field)) {
        const ids = defaultOf(this.env, field);
        if (ids !== undefined && ids !== null) this.#list(field, [row.id], ids);
        continue;
      }
      const value = defaultOf(this.env, field);
      if (value !== undefined && value !== null) row.values.set(field, writable(field, value));
      else if (field.isRequired) {
        throw new RequiredError(`A new ${row.model.name} needs ${field.name}: it is required and has no default. Give it in create().`, field);
      }
    }
  }

  /** The record that a draft has become, or that is made here. @throws {DraftError} TX_DRAFT_UNSAVED when it has not become one */
  #known(field: Field, id: Id): Id {
    return this.#made.asMember(field, this.#stored(field, id)) as Id; // as it was given
  }

  /** @throws {DraftError} TX_DRAFT_UNSAVED */
  #stored(field: Field, id: Id): StoredId {
    const now = this.env.transaction.drafts.current(id);
    if (!isStoredId(now)) throw new DraftError(field, now);
    return now;
  }

  /** A record that memory knows to be missing may be one that is made here. */
  #refuseMissing(field: Field, cached: unknown): void {
    const referred = field.kind === 'reference' ? referredBy(this.env.registry, cached) : undefined;
    if (!referred || !this.#made.has(referred.model.name, referred.id)) refuseMissing(this.env.transaction, field, cached);
  }

  /** A list that is computed gets a value like any other field, or commands that are followed from what it holds: read here, before anything is done. */
  #computedList(field: Field, owners: readonly Id[], value: unknown): void {
    const { commands, isWhole } = computedListCommands(field, value);
    const made = this.#make(field, commands);
    if (isWhole && !this.#inOrder.has(field)) {
      this.puts.push({ field, ids: owners, cached: followCommands([], made) });
      return;
    }
    if (!this.#inOrder.has(field)) this.listPuts.push(...takeWhole(this.puts, field));
    this.#inOrder.add(field);
    for (const id of owners) this.listPuts.push({ field, id, commands: made, before: isWhole || !isStoredId(id) ? [] : presentList(this.env, field, id) });
  }

  /** @throws {WriteRefusedError} TX_COMMAND_INVALID for commands that say what changes: what it is computed as is known when the record is there */
  #newComputedList(field: Field, value: unknown): readonly Id[] {
    const { commands, isWhole } = computedListCommands(field, value);
    if (!isWhole) throw refusedForNew(field);
    return followCommands([], this.#make(field, commands));
  }

  /** What commands create are new rows, which are then linked. */
  #make(field: Field, commands: readonly ComputedListCommand[]): readonly MadeCommand[] {
    const comodel = this.env.registry.model(field.relation?.comodel ?? '');
    /** Behind the rows of the call it would be refused too late. */
    const member = (given: Id): Id => {
      const id = this.#known(field, given);
      refuseMissing(this.env.transaction, field, [id]);
      return id;
    };
    return commands.map((command): MadeCommand => {
      if (command.kind === 'create') return { kind: 'link', id: this.create(comodel, command.values).id };
      if (command.kind === 'link') return { kind: 'link', id: member(command.id) };
      if (command.kind === 'unlink') return { kind: 'unlink', id: this.#made.asMember(field, this.env.transaction.drafts.current(command.id)) as Id }; // as it was given
      return command.kind === 'set' ? { kind: 'set', ids: command.ids.map(member) } : command;
    });
  }

  #list(field: Field, owners: readonly Id[], value: unknown): void {
    for (const owner of owners) if (isStoredId(owner)) this.owners.set(field.model, (this.owners.get(field.model) ?? new Set<Id>()).add(owner));
    const comodel = this.env.registry.model(field.relation?.comodel ?? '');
    const inverse = field.relation?.kind === 'one2many' ? comodel.fields.get(field.relation.inverseName ?? '') : undefined;
    const created: NewRow[] = [];
    const step = (kind: ListStep['kind'], given: readonly Id[]): void => {
      const ids = given.map((id) => this.#known(field, id));
      if (kind === 'link' || kind === 'set') refuseMissing(this.env.transaction, field, ids);
      if (inverse && kind === 'set' && created.length > 0) {
        const [kept, own] = [new Set(ids), new Set<unknown>(owners)];
        for (const row of created) if (!kept.has(row.id) && own.has(row.values.get(inverse))) leave(row, field, inverse);
      }
      for (const id of ids) {
        if (isStoredId(id)) continue;
        if (kind === 'delete') throw deletedHere(field);
        const row = inverse && this.#made.of(id);
        if (!row) continue;
        if (kind !== 'unlink') row.values.set(inverse, owners.at(-1));
        else if (owners.some((owner) => row.values.get(inverse) === owner)) leave(row, field, inverse);
      }
      const others = inverse ? ids.filter(isStoredId) : ids;
      if (kind === 'set' || others.length > 0) for (const owner of owners) this.steps.push({ field, owner, kind, ids: others });
    };
    for (const command of listCommands(field, value)) {
      switch (command.kind) {
        case 'create':
          // A record has one owner through its many2one, and any number through a relation table.
          if (inverse) for (const owner of owners) created.push(this.create(comodel, command.values, new Map([[inverse, owner]])));
          else {
            const { id } = this.create(comodel, command.values);
            for (const owner of owners) this.steps.push({ field, owner, kind: 'link', ids: [id] });
          }
          break;
        case 'update':
          this.write(comodel, [this.#stored(field, command.id)], command.values);
          break;
        case 'clear':
          step('set', []);
          break;
        case 'set':
          step('set', command.ids);
          break;
        default:
          step(command.kind, [command.id]);
      }
    }
  }
}

/** Whether nothing is given, in any place. */
function isLacking(cached: unknown): boolean {
  return cached instanceof KeyedValues ? cached.values().includes(null) : cached === null;
}

/** A record made in somebody's list belongs to him. */
export function otherOwner(field: Field): WriteRefusedError {
  return new WriteRefusedError('TX_COMMAND_INVALID', `A new ${field.model} was to be made in the list of one record, and was given another as ${field.name}. Leave ${field.name} out, or create it in the other's list.`, {
    details: { model: field.model, field: field.name },
  });
}

/** The fields of a model that a new record cannot simply be without: those with a default, and required ones. */
const completedOf = fieldsOf((field) => !field.compute && (field.isStored || isKeptList(field)) && (field.default !== undefined || field.isRequired));

const NO_PRESET: ReadonlyMap<Field, unknown> = new Map();
