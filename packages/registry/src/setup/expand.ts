import type { IdType } from '@ormolu/kernel';
import type { ComputeDefinition, Definition, MethodDefinition, ModelDefinition } from '../definition';
import type { FieldDefinition, FunctionName } from '../field-definition';
import { snakeCase } from '../naming';
import type { Source } from '../registry';
import { remedyFor, type Problems } from './problems';

/** A model with all it takes over from others, before anything of it is built. */
export interface ExpandedModel {
  readonly name: string;
  readonly own: ModelDefinition;
  readonly fields: ReadonlyMap<string, FieldDefinition>;
  /** Field → what computes it. */
  readonly computes: ReadonlyMap<string, ComputeDefinition>;
  readonly inverses: ReadonlyMap<string, FunctionName>;
  readonly searches: ReadonlyMap<string, FunctionName>;
  readonly methods: ReadonlyMap<string, readonly MethodDefinition[]>;
  readonly delegates: readonly string[];
}

/**
 * Definitions with mixins and delegation worked in, one model at a time.
 *
 * It notes what it looks at, so that a later version knows what a model was made from.
 */
export class Expansion {
  readonly #definition: Definition;
  readonly #problems: Problems;
  readonly #expanded = new Map<string, ExpandedModel | undefined>();
  readonly #sources = new Map<string, Map<string, Source>>();

  constructor(definition: Definition, problems: Problems) {
    this.#definition = definition;
    this.#problems = problems;
  }

  /** The names of all models. */
  names(): readonly string[] {
    return Object.keys(this.#definition.models);
  }

  /** What a model's definition says now of something that another was built from. */
  valueOf(model: string, aspect: Source['aspect']): unknown {
    const definition = this.#definitionOf(model);
    if (aspect === 'definition' || !definition) return definition;
    return aspect === 'id' ? definition.options.id : definition.options.table;
  }

  /** What a model was built from. */
  sourcesOf(model: string): readonly Source[] {
    return [...(this.#sources.get(model)?.values() ?? [])];
  }

  note(forModel: string, model: string, aspect: Source['aspect']): void {
    const sources = this.#sourcesIn(forModel);
    const key = `${aspect} ${model}`;
    if (!sources.has(key)) sources.set(key, { model, aspect, value: this.valueOf(model, aspect) });
  }

  idTypeOf(model: string): IdType {
    return this.#definitionOf(model)?.options.id ?? 'integer';
  }

  tableOf(model: string): string {
    return this.#definitionOf(model)?.options.table ?? snakeCase(model);
  }

  /** @param forModel - the model that is being built */
  model(name: string, forModel: string): ExpandedModel | undefined {
    const own = this.#definitionOf(name);
    const sources = this.#sourcesIn(forModel);
    const isNoted = sources.has(`definition ${name}`);
    this.note(forModel, name, 'definition');
    if (!own) return undefined;
    if (!this.#expanded.has(name)) this.#expand(own);
    // What is noted came with all that it takes over.
    if (!isNoted) {
      for (const [key, source] of this.#sourcesIn(name)) if (!sources.has(key)) sources.set(key, source);
    }
    return this.#expanded.get(name);
  }

  #sourcesIn(model: string): Map<string, Source> {
    let sources = this.#sources.get(model);
    if (!sources) this.#sources.set(model, (sources = new Map<string, Source>()));
    return sources;
  }

  /** Those that a model takes over come first, on a stack of its own: chains of mixins are as long as programs make them. */
  #expand(first: ModelDefinition): void {
    const stack: { readonly own: ModelDefinition; readonly parents: Iterator<string> }[] = [];
    const enter = (own: ModelDefinition): void => {
      // Whoever comes here again on the way is a part of itself.
      this.#expanded.set(own.name, undefined);
      stack.push({ own, parents: [...own.mixins, ...own.delegates.map((field) => own.fields[field]?.comodel ?? '')].values() });
    };
    enter(first);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.parents.next();
      if (next.done !== true) {
        const parent = this.#expanded.has(next.value) ? undefined : this.#definitionOf(next.value);
        if (parent) enter(parent);
        continue;
      }
      const { own } = top;
      this.#expanded.set(own.name, own.mixins.length + own.delegates.length === 0 ? plain(own) : this.#combine(own));
      stack.pop();
    }
  }

  /** Own names only: what every object has, 'constructor' among them, is no model. */
  #definitionOf(model: string): ModelDefinition | undefined {
    return Object.hasOwn(this.#definition.models, model) ? this.#definition.models[model] : undefined;
  }

  #combine(own: ModelDefinition): ExpandedModel {
    const parts = own.mixins.flatMap((mixin) => this.#parent(own, mixin, 'a mixin') ?? []);
    const all = [...parts, plain(own)];
    const fields = new Map<string, FieldDefinition>();
    for (const part of all) {
      for (const [name, definition] of part.fields) {
        const known = fields.get(name);
        if (known && known.kind !== definition.kind) {
          this.#problems.add({ model: own.name, field: name }, `it is of kind '${definition.kind}' here and of kind '${known.kind}' in a mixin.`, 'Rename one of the two.');
        }
        fields.set(name, known ? { ...definition, options: { ...known.options, ...definition.options } } : definition);
      }
    }
    const delegates = [...new Set(all.flatMap((part) => part.delegates))];
    for (const field of delegates) this.#delegate(own, fields, field);
    return {
      name: own.name, own, fields, delegates,
      computes: new Map(all.flatMap((part) => [...part.computes])),
      inverses: new Map(all.flatMap((part) => [...part.inverses])),
      searches: new Map(all.flatMap((part) => [...part.searches])),
      methods: new Map([...new Set(all.flatMap((part) => [...part.methods.keys()]))].map((name) => [name, all.flatMap((part) => part.methods.get(name) ?? [])])),
    };
  }

  /** Shows the fields of a many2one's records, save those the model has itself. */
  #delegate(own: ModelDefinition, fields: Map<string, FieldDefinition>, field: string): void {
    const where = { model: own.name, field };
    const definition = fields.get(field);
    if (definition?.kind !== 'many2one' || definition.options.required !== true) {
      this.#problems.add(where, 'the model delegates to it, and it is no required many2one.', "Define it as many2one(model, { required: true, onDelete: 'cascade' }).");
      return;
    }
    const comodel = this.#parent(own, definition.comodel ?? '', `the model of ${field}`);
    for (const [name, inherited] of comodel?.fields ?? []) {
      if (!fields.has(name)) fields.set(name, { kind: 'related', path: `${field}.${name}`, options: inherited.options.groups ? { groups: inherited.options.groups } : {} });
    }
  }

  #parent(own: ModelDefinition, name: string, role: string): ExpandedModel | undefined {
    const isOnTheWay = this.#expanded.has(name) && this.#expanded.get(name) === undefined;
    if (isOnTheWay) {
      this.#problems.add({ model: own.name }, `it takes itself over, by way of '${name}'.`, 'Break the circle: move what both need into a model of its own.');
      return undefined;
    }
    const parent = this.model(name, own.name);
    if (!parent && role === 'a mixin') this.#problems.add({ model: own.name }, `there is no model '${name}' to take over.`, remedyFor(name, this.names(), 'Define it.'));
    return parent;
  }
}

const expansions = new WeakMap<ModelDefinition, ExpandedModel>();

/** A model that takes nothing over. The same for every version that has its definition. */
function plain(own: ModelDefinition): ExpandedModel {
  let expanded = expansions.get(own);
  if (!expanded) {
    expansions.set(own, (expanded = {
      name: own.name, own,
      fields: new Map(Object.entries(own.fields)),
      computes: new Map(Object.entries(own.computeOf).flatMap(([field, key]) => (own.computes[key] ? [[field, own.computes[key]] as const] : []))),
      inverses: new Map(Object.entries(own.inverses)),
      searches: new Map(Object.entries(own.searches)),
      methods: new Map(Object.entries(own.methods)),
      delegates: own.delegates,
    }));
  }
  return expanded;
}
