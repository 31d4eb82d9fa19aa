import type { Field } from './field';

/**
 * Who depends on a field: the fields to compute again here, and the ways back to those elsewhere.
 *
 * A branch's key is the relational field of the dependents' side: from records R, the branch holds for the records of the key's model
 * whose relation holds one of R.
 *
 * A recursive field is entered and not followed: whoever marks values of one fires its own tree from them, level by level. Every cycle
 * has one, so trees end, and fields that depend on one another in any number are one level of each other's.
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
  #waiting: Way[] = [];
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

  add(arrival: Way): void {
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
          node.#arrive(arrival.target);
          if (node.#waiting.length > 0 && work.at(-1) !== node) work.push(node);
          continue;
        }
        const next = node.#through(key);
        next.add({ target: arrival.target, keys: further });
        if (next === node.#above || mayReturn(this.#source, key)) work.push(next);
      }
    }
  }

  #arrive(target: Field): void {
    if (this.#targets.has(target)) return;
    this.#targets.add(target);
    if (target.isRecursive) return;
    for (const way of this.#source.waysFrom(target)) this.#waiting.push(way);
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
    for (const way of this.#source.waysFrom(field)) root.add(way);
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
  const root: Pruning = { trees, branches: new Map() };
  const nodes = [root];
  // Grows while it is walked: trees may be as deep as chains of fields are long.
  for (const node of nodes) {
    const below = new Map<Field, TriggerTree[]>();
    for (const tree of node.trees) {
      for (const [key, branch] of tree.branches) {
        const known = below.get(key);
        if (known) known.push(branch);
        else below.set(key, [branch]);
      }
    }
    for (const [key, parts] of below) nodes.push({ trees: parts, branches: new Map(), above: { key, node } });
  }
  const pruned = (node: Pruning): TriggerTree => ({ targets: [...new Set(node.trees.flatMap((tree) => tree.targets.filter(isWanted)))], branches: node.branches });
  for (const node of nodes.slice(1).reverse()) {
    const branch = pruned(node);
    if (node.above && (branch.targets.length > 0 || branch.branches.size > 0)) node.above.node.branches.set(node.above.key, branch);
  }
  return pruned(root);
}

/** A node of a pruned tree before its branches are known. */
interface Pruning {
  readonly trees: readonly TriggerTree[];
  readonly branches: Map<Field, TriggerTree>;
  readonly above?: { readonly key: Field; readonly node: Pruning };
}
