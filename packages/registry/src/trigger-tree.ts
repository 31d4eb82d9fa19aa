import type { Field } from './field';

/**
 * Who depends on a field: the fields to compute again here, and the ways back to those elsewhere.
 *
 * A branch's key is the relational field of the dependents' side: from records R, the branch holds for the records of the key's model
 * whose relation holds one of R.
 *
 * A recursive field is entered and not followed into itself: whoever marks values of one fires its own tree from them, level by
 * level.
 * @example the tree of `country.name`: { targets: [], branches: { city.country → { targets: [city.displayName] } } }
 */
export interface TriggerTree {
  readonly targets: readonly Field[];
  readonly branches: ReadonlyMap<Field, TriggerTree>;
}

/** One way from a changed field back to a dependent. */
export interface Way {
  /** The relations to go back through, the nearest to the change first. */
  readonly keys: readonly Field[];
  readonly target: Field;
}

/** What the trees are made from. */
export interface TriggerSource {
  /** The ways from a field to those who read it. */
  waysFrom(field: Field): Iterable<Way>;
  inversesOf(field: Field): readonly Field[];
}

/** A dependent on its way through the tree: found at a node, or still to go back through keys. */
interface Arrival {
  readonly keys: readonly Field[];
  readonly target: Field;
  /** What is not followed again: where the tree begins, and the recursive fields passed since. Every cycle has one. */
  readonly passed: readonly Field[];
}

/**
 * A node that is worked out when it is first looked at.
 *
 * Back through a many2one and then through its own one2many is where one came from: such ways end in the node above. So a node is
 * complete only when all that happens behind such a key is known, and that is worked out with it; every other branch waits.
 */
class TreeNode implements TriggerTree {
  readonly #source: TriggerSource;
  readonly #key: Field | undefined;
  readonly #above: TreeNode | undefined;
  readonly #targets = new Set<Field>();
  readonly #branches = new Map<Field, TreeNode>();
  readonly #followed = new Set<string>();
  #waiting: Arrival[] = [];
  #listed: readonly Field[] | undefined;

  constructor(source: TriggerSource, key?: Field, above?: TreeNode) {
    this.#source = source;
    this.#key = key;
    this.#above = above;
  }

  get targets(): readonly Field[] {
    this.#workOut();
    this.#listed ??= [...this.#targets];
    return this.#listed;
  }

  get branches(): ReadonlyMap<Field, TriggerTree> {
    this.#workOut();
    return this.#branches;
  }

  add(arrival: Arrival): void {
    this.#waiting.push(arrival);
  }

  #workOut(): void {
    if (this.#waiting.length === 0) return;
    const work: TreeNode[] = [this];
    for (let node = work.pop(); node; node = work.pop()) {
      const arrivals = node.#waiting;
      node.#waiting = [];
      for (const arrival of arrivals) {
        const [key, ...further] = arrival.keys;
        if (key === undefined) {
          node.#arrive(arrival);
          if (node.#waiting.length > 0 && work.at(-1) !== node) work.push(node);
          continue;
        }
        const next = node.#through(key);
        next.add({ ...arrival, keys: further });
        if (next === node.#above || mayReturn(this.#source, key)) work.push(next);
      }
    }
  }

  #arrive({ target, passed }: Arrival): void {
    this.#targets.add(target);
    const state = `${target.index}/${passed.map((field) => field.index).join()}`;
    if (passed.includes(target) || this.#followed.has(state)) return;
    this.#followed.add(state);
    const further = target.isRecursive ? [...passed, target] : passed;
    for (const way of this.#source.waysFrom(target)) {
      if (way.target !== target) this.#waiting.push({ ...way, passed: further });
    }
  }

  #through(key: Field): TreeNode {
    if (this.#above && this.#key && cancels(this.#source, this.#key, key)) return this.#above;
    let next = this.#branches.get(key);
    if (!next) this.#branches.set(key, (next = new TreeNode(this.#source, key, this)));
    return next;
  }
}

/** Whether going back through a many2one and then through this list gives the record one came from. */
function cancels(source: TriggerSource, key: Field, next: Field): boolean {
  return key.relation?.kind === 'many2one' && next.relation?.kind === 'one2many' && source.inversesOf(next).includes(key);
}

function mayReturn(source: TriggerSource, key: Field): boolean {
  return key.relation?.kind === 'many2one' && source.inversesOf(key).length > 0;
}

/** The keys of a way, without the pairs that lead back to where they began. */
export function shortened(source: Pick<TriggerSource, 'inversesOf'>, keys: readonly Field[]): readonly Field[] {
  const kept: Field[] = [];
  for (const key of keys) {
    const last = kept.at(-1);
    if (last && last.relation?.kind === 'many2one' && key.relation?.kind === 'one2many' && source.inversesOf(key).includes(last)) kept.pop();
    else kept.push(key);
  }
  return kept;
}

/** The trigger trees of one registry version: begun when first asked for, kept as long as the version. */
export class TriggerTrees {
  readonly #source: TriggerSource;
  readonly #transitive = new Map<Field, TriggerTree>();
  readonly #direct = new Map<Field, TriggerTree>();

  constructor(source: TriggerSource) {
    this.#source = source;
  }

  /** Those who read the field itself. */
  direct(field: Field): TriggerTree {
    return kept(this.#direct, field, () => this.#tree(field, { inversesOf: this.#source.inversesOf.bind(this.#source), waysFrom: () => [] }));
  }

  /** Those who read it, those who read them, and so on. */
  transitive(field: Field): TriggerTree {
    return kept(this.#transitive, field, () => this.#tree(field, this.#source));
  }

  #tree(field: Field, source: TriggerSource): TriggerTree {
    const root = new TreeNode(source);
    for (const way of this.#source.waysFrom(field)) root.add({ ...way, passed: [field] });
    return root;
  }
}

function kept(trees: Map<Field, TriggerTree>, field: Field, make: () => TriggerTree): TriggerTree {
  let tree = trees.get(field);
  if (!tree) trees.set(field, (tree = make()));
  return tree;
}

/**
 * Several trees as one, of the dependents that are wanted only; branches that lead to none are left out.
 *
 * @param isWanted - for example: stored, or in the cache
 * @remarks Works out all of the trees.
 */
export function prunedTree(trees: readonly TriggerTree[], isWanted: (field: Field) => boolean): TriggerTree {
  const targets = new Set(trees.flatMap((tree) => tree.targets.filter(isWanted)));
  const below = new Map<Field, TriggerTree[]>();
  for (const tree of trees) for (const [key, branch] of tree.branches) below.set(key, [...(below.get(key) ?? []), branch]);
  const branches = new Map<Field, TriggerTree>();
  for (const [key, parts] of below) {
    const branch = prunedTree(parts, isWanted);
    if (branch.targets.length > 0 || branch.branches.size > 0) branches.set(key, branch);
  }
  return { targets: [...targets], branches };
}
