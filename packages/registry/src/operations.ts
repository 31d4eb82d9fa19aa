import type { Draft } from 'immer';
import { emptyModel, type ComputeDefinition, type Definition, type ModelDefinition, type ModelOptions } from './definition';
import type { FieldDefinition, FunctionName } from './field-definition';
import type { DefinedFunction } from './functions';

/** One thing said of the models: what it changes, and the functions it brings. */
export interface Operation {
  /** What it says, part by part: two modules may say the same of a part, and not different things. */
  readonly claims: readonly (readonly [part: string, value: unknown])[];
  readonly functions: readonly (readonly [FunctionName, DefinedFunction])[];
  apply(draft: Draft<Definition>): void;
}

/** Gives names to the functions of one operation: the same in every process that runs the same program. */
export class Namer {
  readonly #module: string;
  readonly #place: number;
  readonly functions: (readonly [FunctionName, DefinedFunction])[] = [];

  /** @param place - the operation's place among those of its module */
  constructor(module: string, place: number) {
    this.#module = module;
    this.#place = place;
  }

  name(what: string, run: DefinedFunction): FunctionName {
    const name = { $module: this.#module, $function: `${this.#place}: ${what}` };
    this.functions.push([name, run]);
    return name;
  }
}

/** What cannot be said of a field a second time: types elsewhere rest on it. */
const FIXED = ['kind', 'comodel', 'inverse', 'path'] as const;

/** What grows when it is said again, and `options`, of which every one is said by itself. */
const ADDED_TO: ReadonlySet<string> = new Set(['values', 'models', 'options']);

/** New models and fields, and more of fields that exist. */
export function addFields(models: Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>, namer: Namer): Operation {
  const plain = Object.entries(models).map(([model, fields]) => ({
    model, fields: Object.entries(fields).map(([field, definition]) => ({ field, definition: plainDefinition(`${model}.${field}`, definition, namer) })),
  }));
  return {
    functions: namer.functions,
    claims: plain.flatMap(({ model, fields }) => fields.flatMap(({ field, definition }) =>
      Object.entries({ ...definition, ...definition.options }).filter(([name]) => !ADDED_TO.has(name)).map(([name, value]) => [`${model}.${field} (${name})`, value] as const))),
    apply: (draft) => {
      for (const { model, fields } of plain) {
        const target = modelIn(draft, model);
        target.isDefined = true;
        for (const { field, definition } of fields) addField(draft, target, { field, definition });
      }
    },
  };
}

function addField(draft: Draft<Definition>, target: Draft<ModelDefinition>, { field, definition }: { field: string; definition: FieldDefinition }): void {
  const known = target.fields[field];
  if (!known) {
    target.fields[field] = definition as Draft<FieldDefinition>;
    return;
  }
  for (const name of FIXED) {
    if (known[name] === definition[name]) continue;
    draft.problems.push({
      model: target.name, field, problem: `its ${name} is ${shown(known[name])}, and an extension says ${shown(definition[name])}.`,
      remedy: 'Other modules rest on it: add a field of another name.',
    });
    return;
  }
  const { values, models, ...said } = definition.options;
  if (known.options.required === true && said.required === false) {
    draft.problems.push({ model: target.name, field, problem: 'it is required, and an extension lets it be null.', remedy: 'Other modules rest on it: give it a default instead.' });
    return;
  }
  Object.assign(known.options, said);
  if (values) known.options.values = [...new Set([...(known.options.values ?? []), ...values])];
  if (models) known.options.models = [...new Set([...(known.options.models ?? []), ...models])];
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : `'${value}'`;
}

/** A definition as data: options left out are not there, and what is no JSON value stands by name. */
function plainDefinition(where: string, { kind, comodel, inverse, path, options }: FieldDefinition, namer: Namer): FieldDefinition {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    kind,
    ...(comodel === undefined ? {} : { comodel }),
    ...(inverse === undefined ? {} : { inverse }),
    ...(path === undefined ? {} : { path }),
    options: Object.fromEntries(said.map(([name, value]: [string, unknown]) => [name, name === 'default' ? plainDefault(where, value, namer) : value])),
  };
}

function plainDefault(where: string, value: unknown, namer: Namer): unknown {
  if (typeof value === 'function') return namer.name(`default of ${where}`, value as DefinedFunction);
  const isJson = value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
  return isJson ? value : { ...namer.name(`default of ${where}`, () => value), $value: true };
}

/** How fields are computed. The newest word on a field holds. */
export function addCompute(model: string, compute: Omit<ComputeDefinition, 'run'>, run: FunctionName, namer: Namer): Operation {
  const key = compute.fields.join(',');
  return {
    functions: namer.functions,
    claims: compute.fields.map((field) => [`${model}.${field} (compute)`, run]),
    apply: (draft) => {
      const target = modelIn(draft, model);
      target.computes[key] = { fields: [...compute.fields], depends: [...compute.depends], isBatch: compute.isBatch, run };
      for (const field of compute.fields) target.computeOf[field] = key;
    },
  };
}

/** How a computed field is written, or searched. */
export function addFunction(table: 'inverses' | 'searches', where: { readonly model: string; readonly field: string }, run: FunctionName, namer: Namer): Operation {
  return {
    functions: namer.functions,
    claims: [[`${where.model}.${where.field} (${table === 'inverses' ? 'inverse' : 'search'})`, run]],
    apply: (draft) => {
      modelIn(draft, where.model)[table][where.field] = run;
    },
  };
}

/** Methods of a model, each on top of those of the same name. */
export function addMethods(model: string, methods: readonly { readonly name: string; readonly run: FunctionName; readonly isOverride: boolean }[], namer: Namer): Operation {
  return {
    functions: namer.functions,
    claims: methods.map(({ name, run }) => [`${model}.${name}()`, run]),
    apply: (draft) => {
      const target = modelIn(draft, model);
      for (const { name, run, isOverride } of methods) (target.methods[name] ??= []).push({ run, isOverride });
    },
  };
}

/** Options of a model, one by one. */
export function setOptions(model: string, options: ModelOptions): Operation {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    functions: [],
    claims: said.map(([name, value]) => [`${model} (${name})`, value]),
    apply: (draft) => {
      Object.assign(modelIn(draft, model).options, Object.fromEntries(said));
    },
  };
}

/** A model takes others over, or delegates to the records of a many2one. */
export function addParents(model: string, list: 'mixins' | 'delegates', names: readonly string[]): Operation {
  return {
    functions: [],
    claims: [],
    apply: (draft) => {
      const target = modelIn(draft, model);
      for (const name of names) if (!target[list].includes(name)) target[list].push(name);
    },
  };
}

function modelIn(draft: Draft<Definition>, name: string): Draft<ModelDefinition> {
  return (draft.models[name] ??= emptyModel(name) as Draft<ModelDefinition>);
}
