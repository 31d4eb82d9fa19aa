import { typeName } from '@ormolu/kernel';
import type { SetupProblem } from './errors';
import type { FieldDefinition } from './field-definition';
import type { DefinedFunction } from './functions';
import type { Namer } from './operations';
import { FIELD_OPTIONS, misfits } from './option-forms';

/** What a program gives for a field: a definition where the compiler looked, anything elsewhere. */
type Given = { readonly [K in keyof FieldDefinition]?: unknown } | null | undefined;

/** What fields of a kind are made with beside options, and what to write when it is missing. */
const NEEDED: Readonly<Record<string, readonly { readonly part: 'comodel' | 'inverse' | 'path'; readonly problem: string; readonly remedy: string }[]>> = {
  many2one: [{ part: 'comodel', problem: 'it names no model.', remedy: "Write many2one('model')." }],
  many2many: [{ part: 'comodel', problem: 'it names no model.', remedy: "Write many2many('model')." }],
  one2many: [
    { part: 'comodel', problem: 'it names no model.', remedy: "Write one2many('model', 'field')." },
    { part: 'inverse', problem: 'it names no many2one of the other model.', remedy: "Write one2many('model', 'field')." },
  ],
  related: [{ part: 'path', problem: 'it names no path.', remedy: "Write related('country.name')." }],
};

/**
 * A field's definition as data: options left out are not there, and what is no JSON value stands by name.
 *
 * @param problems - gets what is wrong with it
 * @returns undefined when it is no field at all
 */
export function plainDefinition({ model, field }: { readonly model: string; readonly field: string }, given: unknown, namer: Namer, problems: SetupProblem[]): FieldDefinition | undefined {
  const add = (problem: string, remedy: string): void => void problems.push({ model, field, problem, remedy });
  const { kind, comodel, inverse, path, options } = (typeof given === 'object' ? (given as Given) : undefined) ?? {};
  if (typeof kind !== 'string' || options === undefined) {
    add(`it is ${typeName(given)}, and no field.`, `Call a builder: { ${field}: char() }.`);
    return undefined;
  }
  const [missing] = (Object.hasOwn(NEEDED, kind) ? (NEEDED[kind] ?? []) : []).filter(({ part }) => typeof { comodel, inverse, path }[part] !== 'string');
  if (missing) {
    add(missing.problem, missing.remedy);
    return undefined;
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    add(`its options are ${typeName(options)}, and no object.`, `Name each option: ${kind}({ required: true }).`);
    return undefined;
  }
  const wrong = misfits(options, FIELD_OPTIONS);
  for (const { problem, remedy } of wrong) add(problem, remedy);
  const said = Object.entries(options).filter(([name, value]) => value !== undefined && !wrong.some(({ option }) => option === name));
  return {
    kind,
    ...(typeof comodel === 'string' ? { comodel } : {}),
    ...(typeof inverse === 'string' ? { inverse } : {}),
    ...(typeof path === 'string' ? { path } : {}),
    options: Object.fromEntries(said.map(([name, value]: [string, unknown]) => [name, name === 'default' ? plainDefault(`${model}.${field}`, value, namer) : value])),
  };
}

function plainDefault(where: string, value: unknown, namer: Namer): unknown {
  if (typeof value === 'function') return namer.name(`default of ${where}`, value as DefinedFunction);
  const isJson = value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
  return isJson ? value : { ...namer.name(`default of ${where}`, () => value), $value: true };
}
