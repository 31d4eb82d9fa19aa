import { isStoredId, NewId, type Id, type NewIdOptions } from '@ormolu/kernel';
import { fieldOf, type Field, type Model } from '@ormolu/registry';
import { assignCached } from '../writing/assign-cached';
import { changeLists, listChange } from '../lists/change-lists';
import { computedListCommands, followCommands, presentList, type MadeCommand } from '../lists/computed-lists';
import { toCache, writable } from '../records/convert';
import { draftList, memberOf } from './draft-values';
import type { Shielded } from '../computing/protecting';
import type { Environment } from '../environment/environment';
import { MissingRecordError, NotLoadedError, WriteRefusedError } from '../errors';
import { inverseOf } from '../reading/fetch';
import { listCommands, type Values } from '../lists/list-commands';
import { givenId, takesIds } from '../writing/given-id';
import { otherOwner } from '../writing/write-batch';
import { isKeptList, isList } from '../values';

/**
 * Makes a draft: a record in memory only, until it is saved.
 *
 * @param values - lists too, as commands; what is required may be left out, or be null
 * @param options - `given` takes the computed values that it was given, those of its members included
 * @throws {UnknownFieldError} FIELD_UNKNOWN @throws {WriteRefusedError} TX_WRITE_REFUSED, TX_COMMAND_INVALID @throws {FieldValueError} FIELD_VALUE_INVALID
 */
export function newDraft(env: Environment, model: Model, values: Values, { given, ...options }: NewIdOptions & { readonly given?: Shielded[] } = {}): NewId {
  const id = new NewId(options);
  const { drafts } = env.transaction;
  const { id: named, ...others } = values;
  const isNamed = named !== undefined && options.origin === undefined && takesIds(model);
  const ownId = isNamed ? givenId(model, values, 'new') : undefined;
  drafts.add(model.name, id);
  if (ownId !== undefined) drafts.name(id, ownId);
  putDraft(env, { model, id, given }, isNamed ? others : values);
  return id;
}

/** Gives a draft values. @throws as {@link newDraft}; {NotLoadedError} TX_NOT_LOADED when a list of its origin must be known first */
export function putDraft(env: Environment, { model, id, given = [] }: { readonly model: Model; readonly id: NewId; readonly given?: Shielded[] | undefined }, values: Values): void {
  const fields = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ field: fieldOf(model, name), value }]));
  // What is given stays, whatever is given with it or behind it.
  const shielded: Shielded[] = fields.flatMap(({ field }): readonly Shielded[] => (field.compute ? [[field, [id]]] : []));
  for (const { field, value } of fields) {
    env.transaction.protection.during([...shielded], () => {
      putOne(env, { field, id, given: shielded }, value);
    });
  }
  given.push(...shielded);
}

/** Gives a draft one value. Everything may be null: what is required is asked for when it is saved. */
export function putDraftValue(env: Environment, field: Field, id: NewId, value: unknown): void {
  putOne(env, { field, id, given: [] }, value);
}

function putOne(env: Environment, { field, id, given }: { readonly field: Field; readonly id: NewId; readonly given: Shielded[] }, value: unknown): void {
  if (isKeptList(field)) putDraftList(env, field, { owner: id, given }, value);
  else if (isList(field)) putComputedList(env, field, id, value);
  else assignCached(env, field, [id], value === null && !field.compute ? toCache(field, value) : writable(field, value));
}

/** A list that is computed gets a value like any other field. */
function putComputedList(env: Environment, field: Field, id: NewId, value: unknown): void {
  const { commands, isWhole } = computedListCommands(field, value);
  const before = isWhole ? [] : presentList(env, field, id);
  const comodel = env.registry.model(field.relation?.comodel ?? '');
  const made = commands.map((command): MadeCommand => (command.kind === 'create' ? { kind: 'link', id: newDraft(env, comodel, command.values) } : command));
  assignCached(env, field, [id], followCommands(before, made));
}

function putDraftList(env: Environment, field: Field, { owner, given }: { readonly owner: NewId; readonly given: Shielded[] }, value: unknown): void {
  const comodel = env.registry.model(field.relation?.comodel ?? '');
  const before = draftList(env, field, owner);
  if (!before) {
    const { execution, absent } = env.transaction;
    if (owner.origin !== undefined && absent.has(field.model, owner.origin)) throw new MissingRecordError(field.model, [owner.origin], `${field.name} of a draft that has it as its origin was written`);
    if (execution && owner.origin !== undefined) execution.suspend([{ field, ids: [owner.origin] }]);
    throw new NotLoadedError(field.model, field.name, owner);
  }
  let after: readonly Id[] = before;
  const ofMembers: Shielded[] = [];
  const here = (id: Id): Id | undefined => after.find((member) => member === id || (!isStoredId(member) && member.origin === id));
  for (const command of listCommands(field, value)) {
    switch (command.kind) {
      case 'create':
        if (field.relation?.kind === 'one2many' && command.values[inverseOf(env.transaction, field).name] !== undefined) throw otherOwner(inverseOf(env.transaction, field));
        after = [...after, newDraft(env, comodel, command.values, { given: ofMembers })];
        break;
      case 'update': {
        const member = here(command.id);
        if (member === undefined || isStoredId(member)) throw notAMember(field, command.id);
        putDraft(env, { model: comodel, id: member, given: ofMembers }, command.values);
        break;
      }
      case 'link':
        after = [...after, here(command.id) ?? memberOf(env, field, owner, command.id)];
        break;
      case 'clear':
        after = [];
        break;
      case 'set':
        after = command.ids.map((id) => here(id) ?? memberOf(env, field, owner, id));
        break;
      default: {
        const member = here(command.id);
        after = after.filter((id) => id !== member);
      }
    }
  }
  given.push(...ofMembers);
  // Whose they are they learn only now.
  env.transaction.protection.during(ofMembers, () => {
    putMembers(env, field, { owner, before, after: [...new Set(after)] });
  });
}

function notAMember(field: Field, id: Id): WriteRefusedError {
  return new WriteRefusedError('TX_COMMAND_INVALID', `${field.model}.${field.name} of a draft was written with values for ${String(id)}, which is not in the list. Link it first, or write that record itself.`, {
    details: { model: field.model, field: field.name, id },
  });
}

function putMembers(env: Environment, field: Field, { owner, before, after }: { owner: NewId; before: readonly Id[]; after: readonly Id[] }): void {
  const change = listChange(before, after, owner);
  env.transaction.drafts.keep(field, owner, Object.freeze([...after]));
  if (!change) return;
  if (field.relation?.kind === 'many2many') {
    changeLists(env.transaction, field, [change]);
    return;
  }
  const inverse = inverseOf(env.transaction, field);
  assignCached(env, inverse, change.removed, null);
  assignCached(env, inverse, change.added, owner);
}
