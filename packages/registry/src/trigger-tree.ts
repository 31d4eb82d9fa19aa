import type { Field } from './field';

/**
 * Who depends on a field: the fields to recompute here, and the ways back to those elsewhere.
 *
 * A branch's key is the relational field of the dependents' side: from records R, the branch holds for the records of the key's model
 * whose relation holds one of R.
 * @example the tree of `country.name`: { targets: [], branches: { city.country → { targets: [city.displayName] } } }
 */
export interface TriggerTree {
  readonly targets: readonly Field[];
  readonly branches: ReadonlyMap<Field, TriggerTree>;
}

/** A tree under construction. */
interface GrowingTree {
  readonly targets: Field[];
  readonly branches: Map<Field, GrowingTree>;
}

/** One way from a changed field back to a dependent. */
interface Way {
  /** The relations to go back through, the nearest to the change first. */
  readonly keys: readonly Field[];
  readonly target: Field;
}

/** What the trees are made from. */
export interface TriggerSource {
  readonly computed: readonly Field[];
  dependsOn(field: Field): readonly (readonly Field[])[];
  inversesOf(field: Field): readonly Field[];
}

/** The trigger trees of one registry version: made when first asked for, kept as long as the version. */
export class TriggerTrees {
  readonly #source: TriggerSource;
  readonly #transitive = new Map<Field, TriggerTree>();
  readonly #direct = new Map<Field, TriggerTree>();
  #ways: ReadonlyMap<Field, readonly Way[]> | undefined;

  constructor(source: TriggerSource) {
    this.#source = source;
  }

  /** Those who read the field itself. */
  direct(field: Field): TriggerTree {
    let tree = this.#direct.get(field);
    if (!tree) this.#direct.set(field, (tree = this.#merge(this.#waysFrom(field))));
    return tree;
  }

  /** Those who read it, those who read them, and so on; a recursive field is entered, and not followed into itself. */
  transitive(field: Field): TriggerTree {
    let tree = this.#transitive.get(field);
    if (!tree) this.#transitive.set(field, (tree = this.#merge(this.#closure(field))));
    return tree;
  }

  *#closure(field: Field): Generator<Way> {
    const work = this.#waysFrom(field).map((way) => ({ way, passed: new Set([field]) }));
    for (let step = work.shift(); step; step = work.shift()) {
      const { way, passed } = step;
      yield way;
      if (passed.has(way.target)) continue;
      const further = new Set(passed).add(way.target);
      for (const next of this.#waysFrom(way.target)) {
        if (next.target === way.target) continue;
        work.push({ way: { keys: this.#cancel([...way.keys, ...next.keys]), target: next.target }, passed: further });
      }
    }
  }

  #waysFrom(field: Field): readonly Way[] {
    this.#ways ??= this.#allWays();
    return this.#ways.get(field) ?? [];
  }

  /** For every field, the ways to those who read it. A list changes with the many2one on its other side. */
  #allWays(): ReadonlyMap<Field, readonly Way[]> {
    const ways = new Map<Field, Way[]>();
    const add = (field: Field, way: Way): void => {
      const known = ways.get(field);
      if (known) known.push(way);
      else ways.set(field, [way]);
    };
    for (const target of this.#source.computed) {
      for (const path of this.#source.dependsOn(target)) {
        for (const [place, step] of path.entries()) {
          add(step, { keys: path.slice(0, place).reverse(), target });
          if (step.relation?.kind !== 'one2many') continue;
          for (const inverse of this.#source.inversesOf(step)) add(inverse, { keys: path.slice(0, place + 1).reverse(), target });
        }
      }
    }
    return ways;
  }

  #merge(ways: Iterable<Way>): TriggerTree {
    const root: GrowingTree = { targets: [], branches: new Map() };
    for (const { keys, target } of ways) {
      let here = root;
      for (const key of this.#cancel(keys)) {
        let next = here.branches.get(key);
        if (!next) here.branches.set(key, (next = { targets: [], branches: new Map() }));
        here = next;
      }
      if (!here.targets.includes(target)) here.targets.push(target);
    }
    return root;
  }

  /** Back through a many2one and then through its own list gives the record one came from. */
  #cancel(keys: readonly Field[]): readonly Field[] {
    const kept: Field[] = [];
    for (const key of keys) {
      const last = kept.at(-1);
      if (last?.relation?.kind === 'many2one' && key.relation?.kind === 'one2many' && this.#source.inversesOf(key).includes(last)) kept.pop();
      else kept.push(key);
    }
    return kept;
  }
}
