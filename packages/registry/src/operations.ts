import type { Draft } from 'immer';
import { emptyModel, type ComputeDefinition, type Definition, type ModelDefinition, type ModelOptions } from './definition';
import { typeName } from '@ormolu/kernel';
import type { SetupProblem } from './errors';
import type { FieldDefinition, FunctionName, KindOptions } from './field-definition';
import type { DefinedFunction } from './functions';
import { misfits, MODEL_OPTIONS } from './option-forms';
import { plainDefinition } from './plain-definition';
import { isTable, refused, TAKEN } from './refused';
import { isInherited } from './reserved-names';

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

/**
 * New models and fields, and more of fields that exist.
 *
 * @param call - which of the two calls, for messages
 */
export function addFields(models: unknown, namer: Namer, call: 'defineModels' | 'extend'): Operation {
  if (!isTable(models)) return refused([{ model: call, problem: `it was given no models, but ${typeName(models)}.`, remedy: `Write ${call}({ city: { name: char() } }).` }]);
  const problems: SetupProblem[] = [];
  const plain = Object.entries(models).map(([model, fields]) => {
    if (!isTable(fields)) problems.push({ model, problem: `it is ${typeName(fields)}, and has no fields.`, remedy: `Give an object of fields: { ${model}: { name: char() } }.` });
    return {
      model, fields: Object.entries(isTable(fields) ? fields : {}).flatMap(([field, given]) => {
        const definition = plainDefinition({ model, field }, given, namer, problems);
        return definition ? [{ field, definition }] : [];
      }),
    };
  });
  return {
    functions: namer.functions,
    claims: plain.flatMap(({ model, fields }) => fields.flatMap(({ field, definition }) =>
      Object.entries({ ...definition, ...definition.options }).filter(([name]) => !ADDED_TO.has(name)).map(([name, value]) => [`${model}.${field} (${name})`, value] as const))),
    apply: (draft) => {
      draft.problems.push(...problems);
      for (const { model, fields } of plain) {
        const target = modelIn(draft, model);
        target.isDefined = true;
        for (const { field, definition } of fields) addField(draft, target, { field, definition });
      }
    },
  };
}

function addField(draft: Draft<Definition>, target: Draft<ModelDefinition>, { field, definition }: { field: string; definition: FieldDefinition }): void {
  if (isInherited(field)) {
    draft.problems.push({ model: target.name, field, ...TAKEN });
    return;
  }
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
  // Put in anew and not changed where it stands: in one and the same step it may be the very object that the operation brought.
  target.fields[field] = {
    ...known,
    options: {
      ...known.options, ...(said as Draft<KindOptions>),
      ...(values ? { values: [...new Set([...(known.options.values ?? []), ...values])] } : {}),
      ...(models ? { models: [...new Set([...(known.options.models ?? []), ...models])] } : {}),
    },
  };
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : `'${value}'`;
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
export function addFunction(role: 'inverse' | 'search', where: { readonly model: string; readonly field: string }, run: FunctionName, namer: Namer): Operation {
  return {
    functions: namer.functions,
    claims: [[`${where.model}.${where.field} (${role})`, run]],
    apply: (draft) => {
      modelIn(draft, where.model)[role === 'inverse' ? 'inverses' : 'searches'][where.field] = run;
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
  if (!isTable(options)) return refused([{ model, problem: `its options are ${typeName(options)}, and no object.`, remedy: `Write options('${model}', { order: ['name'] }).` }]);
  const wrong = misfits(options, MODEL_OPTIONS);
  const said = Object.entries(options).filter(([name, value]) => value !== undefined && !wrong.some(({ option }) => option === name));
  return {
    functions: [],
    claims: said.map(([name, value]) => [`${model} (${name})`, value]),
    apply: (draft) => {
      draft.problems.push(...wrong.map(({ problem, remedy }) => ({ model, problem, remedy })));
      Object.assign(modelIn(draft, model).options, Object.fromEntries(said));
    },
  };
}

/** A model takes others over, or delegates to the records of a many2one. */
export function addParents(model: string, list: 'mixins' | 'delegates', name: string): Operation {
  // The compiler promises a text to those it looks at.
  const given: unknown = name;
  if (typeof given !== 'string') {
    return refused([list === 'mixins'
      ? { model, problem: `it takes over ${typeName(given)}.`, remedy: 'Give the name of a model.' }
      : { model, problem: `it delegates to ${typeName(given)}.`, remedy: 'Give the name of a many2one of this model.' }]);
  }
  return {
    functions: [],
    claims: [],
    apply: (draft) => {
      const target = modelIn(draft, model);
      if (!target[list].includes(name)) target[list].push(name);
    },
  };
}

function modelIn(draft: Draft<Definition>, name: string): Draft<ModelDefinition> {
  if (isInherited(name)) {
    draft.problems.push({ model: name, problem: 'its name is that of a member of every object.', remedy: 'Choose another and keep the table with the option table.' });
    return emptyModel(name) as Draft<ModelDefinition>;
  }
  return (draft.models[name] ??= emptyModel(name) as Draft<ModelDefinition>);
}
