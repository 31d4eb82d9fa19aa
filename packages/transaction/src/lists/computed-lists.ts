import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { listCommands, type ListCommand } from './list-commands';
import { writable } from '../records/convert';
import type { Environment } from '../environment/environment';
import { WriteRefusedError } from '../errors';
import type { RecordSet } from '../records/recordset';

/** One change to a list that is computed. */
export type ComputedListCommand = Exclude<ListCommand, { readonly kind: 'update' | 'delete' }>;

/** The same, when what it creates has been made. */
export type MadeCommand = Exclude<ComputedListCommand, { readonly kind: 'create' }>;

/**
 * What a value for a list that is computed says: its inverse is given the whole list, so that commands are about its members and not
 * about the records that these are.
 *
 * @returns the commands, and whether they say the whole list, whatever it holds
 * @throws {WriteRefusedError} TX_WRITE_REFUSED for a list that cannot be written; TX_COMMAND_INVALID, for `update` and `delete` too
 * @throws {FieldValueError} FIELD_VALUE_INVALID for what is no id of the other model
 */
export function computedListCommands(field: Field, value: unknown): { readonly commands: readonly ComputedListCommand[]; readonly isWhole: boolean } {
  writable(field, []);
  const commands = listCommands(field, value).map((command): ComputedListCommand => {
    if (command.kind === 'update' || command.kind === 'delete') throw refused(field, `{ ${command.kind} } is for lists that the database keeps. ${command.kind === 'update' ? 'Write the record' : 'Unlink the record'} itself, or give the command to the field that the list is computed from`);
    return command;
  });
  const [first] = commands;
  return { commands, isWhole: first?.kind === 'set' || first?.kind === 'clear' };
}

/** What a list holds when commands have been followed, each member once. */
export function followCommands(before: readonly Id[], commands: readonly MadeCommand[]): readonly Id[] {
  const members = new Set(before);
  for (const command of commands) {
    if (command.kind === 'clear' || command.kind === 'set') members.clear();
    if (command.kind === 'set') for (const id of command.ids) members.add(id);
    else if (command.kind === 'link') members.add(command.id);
    else if (command.kind === 'unlink') members.delete(command.id);
  }
  return Object.freeze([...members]);
}

/** What a computed list holds now. @throws {NotLoadedError} TX_NOT_LOADED outside `env.run`; inside it suspends */
export function presentList(env: Environment, field: Field, id: Id): readonly Id[] {
  const present = env.recordsOf(env.registry.model(field.model), [id]).get(field.name) as RecordSet; // a list is read as a set of records
  return present.ids;
}

/** What a new record's list is computed as is not known before the record is there. */
export function refusedForNew(field: Field): WriteRefusedError {
  return refused(field, 'what it holds of a new record is not known yet. Give the whole list, as ids, or begin with { clear: true } or { set: ids }');
}

function refused(field: Field, what: string): WriteRefusedError {
  return new WriteRefusedError('TX_COMMAND_INVALID', `${field.model}.${field.name} is computed, and was written with commands that cannot be followed: ${what}.`, {
    details: { model: field.model, field: field.name },
  });
}
