import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import { UnknownRecordingError } from '../scenario';
import type { ModelData } from './scenario-data';

/** The models of a recording, by name. */
export type RecordedModels = Readonly<Record<string, ModelData>>;

/** A recorded value in our form: no value is `false` there, whatever the field's kind, and `null` here. */
export function valueOf(type: string, value: unknown): unknown {
  return value === false && type !== 'boolean' ? null : value;
}

/** Recorded values for `create`, `write` and `new`, in ours: lists of commands by their words. */
export function valuesOf(models: RecordedModels, model: string, vals: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(vals as Readonly<Record<string, unknown>>).map(([name, value]) => {
    const field = models[model]?.fields[name];
    // The engine says what it thinks of a field that is not there.
    if (!field) return [name, value];
    const isList = field.type === 'one2many' || field.type === 'many2many';
    return [name, isList ? commandsOf(models, field.comodel ?? '', value) : valueOf(field.type, value)];
  }));
}

function commandsOf(models: RecordedModels, model: string, value: unknown): unknown {
  if (value === false || value === null) return [];
  if (!Array.isArray(value)) throw new UnknownRecordingError(`${JSON.stringify(value)} is no list of commands`);
  return value.map((command: unknown) => (Array.isArray(command) ? commandOf(models, model, command) : command));
}

/** `[0, 0, values]` and its sisters. */
function commandOf(models: RecordedModels, model: string, [code, id, rest]: readonly unknown[]): unknown {
  switch (code) {
    case 0: return { create: valuesOf(models, model, rest) };
    case 1: return { update: [id, valuesOf(models, model, rest)] };
    case 2: return { delete: id };
    case 3: return { unlink: id };
    case 4: return { link: id };
    case 5: return { clear: true };
    case 6: return { set: rest };
    default: throw new UnknownRecordingError(`there is no command ${JSON.stringify(code)}`);
  }
}

/**
 * Names ids as recordings do: stored ones by themselves, drafts by their origin or reference, others by the order in which they
 * were first seen.
 */
export class IdNames {
  readonly #drafts = new Map<NewId, string>();

  of(id: Id): number | string {
    if (isStoredId(id)) return typeof id === 'bigint' ? Number(id) : id;
    if (id.origin !== undefined) return `origin:${String(id.origin)}`;
    if (id.ref !== undefined) return `ref:${id.ref}`;
    let name = this.#drafts.get(id);
    if (name === undefined) this.#drafts.set(id, (name = `new:${this.#drafts.size + 1}`));
    return name;
  }
}

/** `"1..250"` or a list. */
export function idsOf(ids: readonly number[] | string | undefined): readonly number[] {
  if (typeof ids !== 'string') return ids ?? [];
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(ids) ?? [];
  if (from === undefined || to === undefined) throw new UnknownRecordingError(`'${ids}' is no range of ids`);
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, n) => Number(from) + n);
}

const GENERATED = /^generated: (\d+)$/;

/**
 * Values that a recording does not spell out, `"generated: 250"`: of the fields that its INSERT names, texts are the field's first
 * letter and a number, the first whole number counts, others are 2.
 */
export function generatedValues(model: ModelData, vals: string, columns: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const [, count] = GENERATED.exec(vals) ?? [];
  if (count === undefined) throw new UnknownRecordingError(`'${vals}' says nothing of values`);
  const named = Object.entries(model.fields).filter(([name]) => columns.includes(name));
  const [counting] = named.find(([, { type }]) => type === 'integer') ?? [];
  return Array.from({ length: Number(count) }, (_, n) => Object.fromEntries(named.flatMap(([name, { type }]): [string, unknown][] => {
    if (type === 'char' || type === 'text') return [[name, `${name.slice(0, 1)}${n}`]];
    return type === 'integer' || type === 'float' ? [[name, name === counting ? n : 2]] : [];
  })));
}
