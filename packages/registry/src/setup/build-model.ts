import type { OrderTerm } from '@ormolu/kernel';
import type { FunctionName, FieldDefinition } from '../field-definition';
import { kindOf, KIND_NAMES } from '../field-kinds/kinds';
import { Field, type Compute, type Inverse, type Relation, type Search } from '../field';
import type { DefinedFunction, FunctionTable } from '../functions';
import type { Method, Model } from '../model';
import { snakeCase } from '../naming';
import { functionNamed } from '../patch';
import type { ComputeDefinition } from '../definition';
import type { Expansion, ExpandedModel } from './expand';
import { remedyFor, type Problems } from './problems';
import type { ShownFields } from './related';
import { readRelated, searchRelated, writeRelated } from './related-compute';

/** What models are built with. */
export interface Workshop {
  readonly expansion: Expansion;
  readonly shown: ShownFields;
  readonly functions: () => FunctionTable;
  readonly problems: Problems;
  /** A field's index: the one it had in the version before, or the next. */
  indexOf(model: string, field: string): number;
}

/** Makes a model with all its fields. */
export function buildModel(workshop: Workshop, expanded: ExpandedModel): Model {
  const { name, own: { options } } = expanded;
  const fields = new Map<string, Field>();
  const computes = new Map<ComputeDefinition, Compute & { fields: Field[] }>();
  for (const [fieldName, written] of expanded.fields) {
    const field = buildField(workshop, expanded, { name: fieldName, written, computes });
    if (field) fields.set(fieldName, field);
  }
  for (const [definition, compute] of computes) {
    compute.fields.push(...definition.fields.flatMap((field) => (expanded.computes.get(field) === definition ? (fields.get(field) ?? []) : [])));
    Object.freeze(compute.fields);
  }
  return {
    name, fields,
    hidden: new Set(expanded.own.hidden),
    table: workshop.expansion.tableOf(name),
    idColumn: options.idColumn ?? 'id',
    idType: options.id ?? 'integer',
    order: orderTerms(options.order),
    methods: buildMethods(workshop, expanded),
    parent: options.parent,
    versioned: options.versioned ?? false,
    abstract: options.abstract ?? false,
    delegates: expanded.delegates,
    description: options.description,
  };
}

const BY_ID: readonly OrderTerm[] = Object.freeze([{ path: ['id'], direction: 'asc' } as const]);

/** `['country.name', '-population']` as terms. */
export function orderTerms(order: readonly string[] | undefined): readonly OrderTerm[] {
  if (!order || order.length === 0) return BY_ID;
  return Object.freeze(order.map((term) => ({ path: term.replace(/^-/, '').split('.'), direction: term.startsWith('-') ? ('desc' as const) : ('asc' as const) })));
}

interface FieldPlan {
  readonly name: string;
  readonly written: FieldDefinition;
  readonly computes: Map<ComputeDefinition, Compute & { fields: Field[] }>;
}

function buildField(workshop: Workshop, expanded: ExpandedModel, { name, written, computes }: FieldPlan): Field | undefined {
  const { expansion, problems } = workshop;
  const where = { model: expanded.name, field: name };
  const isRelated = written.kind === 'related';
  const complete = isRelated ? workshop.shown.definitionOf(where, written) : written;
  if (!complete) return undefined;
  const kind = kindOf(complete, (model) => {
    expansion.note(expanded.name, model, 'id');
    return expansion.idTypeOf(model);
  });
  if (!kind) {
    problems.add(where, `there is no field kind '${complete.kind}'.`, remedyFor(complete.kind, KIND_NAMES, `Use one of ${KIND_NAMES.join(', ')}.`));
    return undefined;
  }
  const path = isRelated ? (written.path ?? '').split('.') : undefined;
  const compute = path ? { fields: [] as Field[], isBatch: false, depends: [path.join('.')], run: readRelated(path) } : computeOf(workshop, expanded, { name, computes });
  const inverse = functionOf(workshop, expanded.inverses.get(name)) as Inverse | undefined;
  const search = functionOf(workshop, expanded.searches.get(name)) as Search | undefined;
  const field = new Field({
    model: expanded.name, name, kind, compute,
    index: workshop.indexOf(expanded.name, name),
    options: complete.options,
    default: defaultOf(workshop, complete.options.default),
    relation: relationOf(expansion, { ...where, isKept: complete.options.store ?? compute === undefined }, complete),
    related: path,
    inverse: inverse ?? (path && complete.options.readonly !== true ? writeRelated(name, path) : undefined),
    search: search ?? (path ? searchRelated(path) : undefined),
    isServed: complete.served === true,
  });
  if (path && compute) compute.fields.push(field);
  return field;
}

function computeOf(workshop: Workshop, expanded: ExpandedModel, { name, computes }: Omit<FieldPlan, 'written'>): (Compute & { fields: Field[] }) | undefined {
  const definition = expanded.computes.get(name);
  if (!definition) return undefined;
  let compute = computes.get(definition);
  if (!compute) {
    const { isBatch, depends } = definition;
    computes.set(definition, (compute = { fields: [], isBatch, depends, run: functionNamed(workshop.functions(), definition.run) }));
  }
  return compute;
}

function functionOf({ functions }: Workshop, name: FunctionName | undefined): DefinedFunction | undefined {
  return name && functionNamed(functions(), name);
}

function defaultOf(workshop: Workshop, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$function' in value)) return value;
  // Defaults are plain data or stand by name; nothing else is an object.
  const name = value as FunctionName;
  const run = functionNamed(workshop.functions(), name);
  return name.$value === true ? run() : run;
}

function relationOf(expansion: Expansion, { model, field, isKept }: { readonly model: string; readonly field: string; readonly isKept: boolean }, definition: FieldDefinition): Relation | undefined {
  const { kind, comodel, inverse, path, options } = definition;
  if (comodel === undefined) return undefined;
  if (kind === 'many2one') return { kind, comodel, onDelete: options.onDelete ?? (options.required === true ? 'restrict' : 'set null') };
  if (kind === 'one2many') return { kind, comodel, inverseName: inverse };
  if (kind !== 'many2many') return undefined;
  if (path !== undefined || !isKept) return { kind, comodel };
  expansion.note(model, comodel, 'table');
  expansion.note(model, comodel, 'id');
  const [mine, theirs] = [expansion.tableOf(model), expansion.tableOf(comodel)];
  const usual = model === comodel ? `${mine}_${snakeCase(field)}_rel` : [mine, theirs].sort().concat('rel').join('_');
  return {
    kind, comodel,
    relationModel: options.table ?? usual,
    column: options.column ?? `${mine}_id`,
    otherColumn: options.otherColumn ?? (model === comodel ? `other_${theirs}_id` : `${theirs}_id`),
  };
}

const NO_METHODS: ReadonlyMap<string, Method> = new Map();

/** Methods as they are called: those on top may call those below. */
function buildMethods(workshop: Workshop, { methods }: ExpandedModel): ReadonlyMap<string, Method> {
  if (methods.size === 0) return NO_METHODS;
  const layers = new Map<string, Method>();
  // An override names all methods of its model as they were before it; those that it replaces one by one see the same ones.
  const height = Math.max(...Array.from(methods.values(), (versions) => versions.length));
  for (let level = 0; level < height; level += 1) {
    const below: Readonly<Record<string, Method>> = Object.fromEntries(layers);
    for (const [name, versions] of methods) {
      const version = versions[level];
      if (!version) continue;
      const run = functionNamed(workshop.functions(), version.run) as unknown as (previous: unknown) => Readonly<Record<string, Method>>;
      const method = version.isOverride ? run(below)[name] : (run as unknown as Method);
      if (method) layers.set(name, method);
    }
  }
  return layers;
}
