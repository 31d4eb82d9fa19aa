import type { UserView } from '@ormolu/kernel';
import type { ComputeDefinition, Definition, ModelDefinition } from './definition';
import type { Field } from './field';
import type { FieldDefinition } from './field-definition';
import type { Models } from './models';
import type { Registry } from './registry';
import { buildRegistry } from './setup/build-registry';
import { Expansion, type ExpandedModel } from './setup/expand';
import { Problems } from './setup/problems';

/**
 * The computed fields that nobody can work out who does not see some others: what reads one of these, what is computed together with one, and what reads that in
 * turn.
 *
 * @param isUnknown - whether a field is one of those others
 */
export function servedFields(registry: Registry, isUnknown: (field: Field) => boolean): ReadonlySet<Field> {
  const served = new Set<Field>();
  const computed = [...registry.models.values()].flatMap(({ fields }) => [...fields.values()]).filter(({ compute }) => compute !== undefined);
  const isBeyond = (field: Field): boolean => isUnknown(field) || served.has(field);
  for (let before = -1; before < served.size;) {
    before = served.size;
    for (const field of computed) {
      if (served.has(field)) continue;
      if (registry.dependsOn(field).flat().some((cause) => cause !== field && isBeyond(cause)) || (field.compute?.fields ?? []).some((other) => other !== field && isBeyond(other))) served.add(field);
    }
  }
  return served;
}

/**
 * The models as a user's program may have them: without the fields that he may not see, and without computing what follows from these.
 *
 * Who asks for one of those by its name is told that he may not. Models that the server does not have are nobody's but the program's own, and stay.
 * @throws {ModelSetupError} REGISTRY_SETUP_FAILED when what is left does not hang together
 */
export function narrowedRegistry(models: Models<unknown>, view: UserView): Registry {
  const registry = models.registry();
  const seenOf = (field: Field): boolean | undefined => view.models.get(field.model)?.fields.has(field.name);
  const hidden = new Set<Field>();
  const told = new Set<Field>();
  for (const model of registry.models.values()) {
    const seen = view.models.get(model.name);
    if (!seen) continue;
    for (const field of model.fields.values()) {
      if (seen.served.has(field.name)) told.add(field);
      // What is computed and not kept may be the program's own.
      else if (!seen.fields.has(field.name) && (field.isPersistent || field.groups !== undefined)) hidden.add(field);
    }
  }
  const served = new Set(told);
  for (const field of servedFields(registry, (one) => hidden.has(one) || told.has(one))) if (!hidden.has(field)) (seenOf(field) === true ? served : hidden).add(field);
  const { definition } = models.state;
  const expansion = new Expansion(definition, new Problems());
  const narrowed = Object.fromEntries(expansion.names().map((name): [string, ModelDefinition] => {
    const expanded = expansion.model(name, name);
    const model = registry.model(name);
    return [name, expanded ? new Narrowing(registry, { hidden, served }).model(expanded, [...model.fields.values()]) : definition.models[name] as ModelDefinition]; // it is one of the names
  }));
  const left: Definition = { ...definition, models: narrowed };
  return buildRegistry({ ...models.state, definition: left, history: undefined, built: undefined });
}

/** Fields apart, as one user's program sees them. */
interface Apart {
  readonly hidden: ReadonlySet<Field>;
  readonly served: ReadonlySet<Field>;
}

class Narrowing {
  readonly #registry: Registry;
  readonly #apart: Apart;

  constructor(registry: Registry, apart: Apart) {
    this.#registry = registry;
    this.#apart = apart;
  }

  /** A model's definition with all that it takes over, and without what is not seen. */
  model({ name, own, fields: written, computes, inverses, searches, methods, delegates }: ExpandedModel, fields: readonly Field[]): ModelDefinition {
    const { hidden, served } = this.#apart;
    const left = fields.filter((field) => !hidden.has(field));
    const isWorkedOut = new Set(left.filter((field) => !served.has(field)).map((field) => field.name));
    const among = <T>(table: ReadonlyMap<string, T>): Record<string, T> => Object.fromEntries([...table].filter(([field]) => isWorkedOut.has(field)));
    const kept = new Map<string, ComputeDefinition>([...computes].filter(([field]) => isWorkedOut.has(field)).map(([, compute]) => [compute.fields.join(','), compute]));
    const names = new Set(left.map((field) => field.name));
    return {
      name, isDefined: own.isDefined, mixins: [], methods: Object.fromEntries(methods),
      delegates: delegates.filter((field) => names.has(field)),
      options: { ...own.options, order: own.options.order?.filter((term) => this.#isSeen(name, term.replace(/^-/, ''))), parent: own.options.parent !== undefined && names.has(own.options.parent) ? own.options.parent : undefined },
      fields: Object.fromEntries(left.flatMap((field): [string, FieldDefinition][] => {
        const definition = served.has(field) ? servedDefinition(field) : written.get(field.name);
        return definition ? [[field.name, forWhoSees(definition, names)]] : [];
      })),
      computes: Object.fromEntries(kept),
      computeOf: Object.fromEntries([...computes].filter(([field]) => isWorkedOut.has(field)).map(([field, compute]) => [field, compute.fields.join(',')])),
      inverses: among(inverses),
      searches: among(searches),
      hidden: fields.filter((field) => hidden.has(field)).map((field) => field.name),
    };
  }

  #isSeen(model: string, path: string): boolean {
    let here = model;
    for (const name of path.split('.')) {
      if (name === 'id') continue;
      const field = this.#registry.models.get(here)?.fields.get(name);
      if (!field || this.#apart.hidden.has(field)) return false;
      here = field.relation?.comodel ?? '';
    }
    return true;
  }
}

/** Groups have been asked for elsewhere, and a currency may be none of what is seen. */
function forWhoSees(definition: FieldDefinition, names: ReadonlySet<string>): FieldDefinition {
  const { groups: _, currency, ...options } = definition.options;
  return { ...definition, options: { ...options, ...currency !== undefined && names.has(currency) && { currency } } };
}

/** A field that gets its values from elsewhere: what it is kept in and what form its values have stays, how they come about goes. */
function servedDefinition({ kind, relation, options, isStored, isEditable, inverse, dependsContext }: Field): FieldDefinition {
  const { required: _, default: _default, unique: _unique, precompute: _precompute, recursive: _recursive, ...kept } = options;
  const isAssignable = isStored && (isEditable || inverse !== undefined);
  return {
    kind, served: true,
    ...relation && { comodel: relation.comodel, ...relation.inverseName !== undefined && { inverse: relation.inverseName } },
    options: { ...kept, store: isStored, prefetch: false, copy: false, readonly: !isAssignable, ...dependsContext.length > 0 && !isStored && { dependsContext } },
  };
}
