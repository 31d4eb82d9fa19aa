import { nearestName, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { WriteRefusedError } from '../errors';

/** Values by field name. */
export type Values = Readonly<Record<string, unknown>>;

/** One change to a list of records. */
export type ListCommand =
  | { readonly kind: 'create'; readonly values: Values }
  | { readonly kind: 'update'; readonly id: Id; readonly values: Values }
  | { readonly kind: 'delete' | 'unlink' | 'link'; readonly id: Id }
  | { readonly kind: 'clear' }
  | { readonly kind: 'set'; readonly ids: readonly Id[] };

const COMMANDS = ['create', 'update', 'delete', 'unlink', 'link', 'clear', 'set'] as const;

/**
 * What a value for a list field says, as commands: records, ids, or a list of either are all that it is to hold; commands change it
 * step by step.
 *
 * @param value - `[1, 2]`, records, or `[{ create: {…} }, { update: [id, {…}] }, { delete: id }, { unlink: id }, { link: id },
 * { clear: true }, { set: ids }]`; an id or record between commands is linked
 * @throws {WriteRefusedError} TX_COMMAND_INVALID
 * @throws {FieldValueError} FIELD_VALUE_INVALID for what is no id of the other model
 */
export function listCommands(field: Field, value: unknown): readonly ListCommand[] {
  if (!Array.isArray(value) || !value.some(isCommand)) return [{ kind: 'set', ids: idsOf(field, flat(value)) }];
  const commands = withoutGaps(value).flatMap((part): ListCommand[] => (isCommand(part) ? [command(field, part)] : idsOf(field, flat([part])).map((id) => ({ kind: 'link', id }))));
  refuseDeleted(field, commands);
  return commands;
}

/** What one command deletes, none after it can have in a list or give values. */
function refuseDeleted(field: Field, commands: readonly ListCommand[]): void {
  const deleted = new Set<unknown>();
  for (const command of commands) {
    if (command.kind === 'delete') deleted.add(command.id);
    // Under the id of who was deleted another is made.
    if (command.kind === 'create') deleted.delete(command.values['id']);
    const used = command.kind === 'set' ? command.ids : command.kind === 'link' || command.kind === 'update' ? [command.id] : [];
    const gone = used.find((id) => deleted.has(id));
    if (gone !== undefined) throw invalid(field, `${command.kind} of ${String(gone)} comes after the command that deletes it`, 'Use unlink, or no command, for a record that is to stay');
  }
}

/** A gap of a list is undefined, and refused as that; going through it leaves gaps out. */
function withoutGaps(list: readonly unknown[]): readonly unknown[] {
  return Array.from(list);
}

/** Single records within a list stand for their ids. */
function flat(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return withoutGaps(value).flatMap((part): unknown[] => {
    if (typeof part !== 'object' || part === null || !('ids' in part) || !('model' in part)) return [part];
    return Array.isArray(part.ids) ? (part.ids as unknown[]) : [part];
  });
}

function isCommand(part: unknown): part is Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype;
}

function command(field: Field, part: Readonly<Record<string, unknown>>): ListCommand {
  const [name, ...others] = Object.keys(part).filter((key) => part[key] !== undefined);
  const kind = COMMANDS.find((known) => known === name);
  if (!kind || others.length > 0) {
    const nearest = nearestName(name ?? '', COMMANDS);
    throw invalid(field, kind ? `a command names '${kind}' and '${others.join("', '")}'` : `there is no command '${name ?? ''}'`, kind ? 'Write one object for each' : nearest ? `Did you mean '${nearest}'?` : `Use one of ${COMMANDS.join(', ')}`);
  }
  const given = part[kind];
  switch (kind) {
    case 'create':
      return { kind, values: valuesOf(field, kind, given) };
    case 'update': {
      if (!Array.isArray(given) || given.length !== 2) throw invalid(field, 'update was not given an id and values', 'Write { update: [id, { … }] }');
      return { kind, id: idOf(field, given[0]), values: valuesOf(field, kind, given[1]) };
    }
    case 'clear':
      if (given !== true) throw invalid(field, 'clear was given something else than true', 'Write { clear: true }, or leave it out');
      return { kind };
    case 'set':
      return { kind, ids: idsOf(field, flat(given)) };
    default:
      return { kind, id: idOf(field, given) };
  }
}

function valuesOf(field: Field, kind: string, given: unknown): Values {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid(field, `${kind} was given no values`, `Write { ${kind === 'create' ? 'create: { field: value }' : 'update: [id, { field: value }]'} }`);
  return given as Values;
}

function idOf(field: Field, given: unknown): Id {
  const [id, ...others] = idsOf(field, flat([given]));
  if (id === undefined || others.length > 0) throw invalid(field, 'a command was given no single record', 'Write one command for each record');
  return id;
}

/** Checked by the field itself, in its own form. */
function idsOf(field: Field, given: unknown): readonly Id[] {
  // A list's canonical form is an array of ids.
  return field.toCache(given) as readonly Id[];
}

function invalid(field: Field, what: string, remedy: string): WriteRefusedError {
  return new WriteRefusedError('TX_COMMAND_INVALID', `${field.model}.${field.name} was written with commands that cannot be followed: ${what}. ${remedy.endsWith('?') ? remedy : `${remedy}.`}`, {
    details: { model: field.model, field: field.name },
  });
}
