import type { FieldDefinition, KindOptions } from '../field-definition';
import type { Expansion } from './expand';
import { remedyFor, type Problems } from './problems';

/** The options a related field takes from the field it shows: those of its values' form, and none of how they are kept. */
const SHOWN = ['size', 'precision', 'scale', 'values', 'models'] as const;

const KIND_OF_ID = { integer: 'integer', bigint: 'bigint', uuid: 'uuid', text: 'text' } as const;

/** A field's place: its model and its name. */
interface Where {
  readonly model: string;
  readonly field: string;
}

/** What a related field shows in the end. */
interface Shown {
  readonly target: FieldDefinition;
  /** The context keys that any value on its way depends on. */
  readonly contexts: ReadonlySet<string>;
  /** The models that it leads through. */
  readonly models: ReadonlySet<string>;
}

/** A related field whose path is being walked. */
interface Walk {
  readonly where: Where;
  readonly path: string;
  readonly names: readonly string[];
  place: number;
  /** The model that the walk stands on. */
  here: string;
  readonly contexts: Set<string>;
  readonly models: Set<string>;
}

/**
 * What the related fields of one setup show, each worked out once.
 *
 * Related fields may show related fields, in chains as long as programs make them: the walks stand on a stack of their own.
 */
export class ShownFields {
  readonly #expansion: Expansion;
  readonly #problems: Problems;
  /** Undefined: its path is broken, and that has been told. */
  readonly #known = new Map<string, Shown | undefined>();

  constructor(expansion: Expansion, problems: Problems) {
    this.#expansion = expansion;
    this.#problems = problems;
  }

  /**
   * The definition of a related field as that of a field of the kind it shows.
   *
   * @returns undefined when its path is broken; the problems then say how
   */
  definitionOf(where: Where, definition: FieldDefinition): FieldDefinition | undefined {
    const found = this.#shownBy(where, definition);
    if (!found) return undefined;
    const { target, contexts, models } = found;
    // Whatever it leads through, this model was built from.
    for (const model of models) this.#expansion.model(model, where.model);
    const shown: { -readonly [K in keyof KindOptions]: KindOptions[K] } = Object.fromEntries(SHOWN.flatMap((name) => (target.options[name] === undefined ? [] : [[name, target.options[name]]])));
    if (contexts.size > 0) shown.dependsContext = [...contexts];
    // Related fields are written through, unless the field they show is read-only by its own word.
    if (target.options.readonly === true) shown.readonly = true;
    const { comodel, inverse } = target;
    return { kind: target.kind, path: definition.path, ...(comodel === undefined ? {} : { comodel }), ...(inverse === undefined ? {} : { inverse }), options: { store: false, ...shown, ...definition.options } };
  }

  #shownBy(where: Where, definition: FieldDefinition): Shown | undefined {
    const key = keyOf(where);
    if (this.#known.has(key)) return this.#known.get(key);
    /** Those being walked, the one asked for first. */
    const open = new Map([[key, walkOf(where, definition)]]);
    const stack = [...open.values()];
    for (let walk = stack.at(-1); walk; walk = stack.at(-1)) {
      const next = this.#step(walk, open);
      if (next === 'further') continue;
      if (next !== undefined && 'names' in next) {
        open.set(keyOf(next.where), next);
        stack.push(next);
        continue;
      }
      this.#known.set(keyOf(walk.where), next);
      open.delete(keyOf(walk.where));
      stack.pop();
    }
    return this.#known.get(key);
  }

  /** Goes on by one name. @returns what the path shows, another path that has to be walked before, or undefined when it is broken */
  #step(walk: Walk, open: ReadonlyMap<string, Walk>): Shown | Walk | 'further' | undefined {
    const { where, path, names, contexts, models, here, place } = walk;
    const name = names[place] ?? '';
    const isLast = place === names.length - 1;
    if (name === 'id' && isLast && place > 0) return { target: { kind: KIND_OF_ID[this.#expansion.idTypeOf(here)], options: { readonly: true } }, contexts, models };
    const fields = this.#expansion.model(here, where.model)?.fields;
    models.add(here);
    const found = fields?.get(name);
    if (!found) {
      this.#problems.add(where, `its path '${path}' is broken: ${here} has no field '${name}'.`, remedyFor(name, fields?.keys() ?? [], 'Mend the path, or define the field.'));
      return undefined;
    }
    const key = `${here}.${name}`;
    if (open.has(key)) {
      const keys = [...open.keys()];
      this.#problems.add(where, `it shows itself, by way of ${[...keys.slice(keys.indexOf(key)), key].join(' → ')}.`, 'Let the path end in a field that holds a value.');
      return undefined;
    }
    const isRelated = found.kind === 'related';
    if (isRelated && !this.#known.has(key)) return walkOf({ model: here, field: name }, found);
    const behind = isRelated ? this.#known.get(key) : undefined;
    if (isRelated && !behind) return undefined;
    for (const context of [...contextsOf(found), ...(behind?.contexts ?? [])]) contexts.add(context);
    for (const model of behind?.models ?? []) models.add(model);
    const target = behind?.target ?? found;
    if (isLast) return { target, contexts, models };
    if (target.kind !== 'many2one') {
      this.#problems.add(where, `its path '${path}' goes on after ${key}, which is no many2one.`, 'Compute the value instead: of a list there is more than one.');
      return undefined;
    }
    walk.here = target.comodel ?? '';
    walk.place += 1;
    return 'further';
  }
}

function walkOf(where: Where, { path = '' }: FieldDefinition): Walk {
  return { where, path, names: path.split('.'), place: 0, here: where.model, contexts: new Set(), models: new Set() };
}

function keyOf({ model, field }: Where): string {
  return `${model}.${field}`;
}

function contextsOf({ options }: FieldDefinition): readonly string[] {
  if (options.companyDependent === true) return ['company'];
  return options.translate === true ? ['lang'] : (options.dependsContext ?? []);
}
