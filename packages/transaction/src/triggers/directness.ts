import type { Field, TriggerTree } from '@ormolu/registry';
import type { Transaction } from '../transaction';
import { keepsHandWritten } from './keeps-hand-written';

/** A trigger tree that is being put together. */
interface Node {
  readonly targets: Set<Field>;
  readonly branches: Map<Field, Node>;
}

/** By the cause's own tree, which belongs to one version of the registry. */
const found = new WeakMap<TriggerTree, ReadonlyMap<TriggerTree, ReadonlySet<Field>>>();

/**
 * At each place of a cause's trigger tree, the fields that read the cause itself by that very way, or through values that are not stored; of the
 * fields that may have been written by hand. The same field may be found elsewhere in the tree, behind a stored value that need not change.
 */
export function directAt(tx: Transaction, cause: Field): ReadonlyMap<TriggerTree, ReadonlySet<Field>> {
  const tree = tx.registry.triggersOf(cause);
  let places = found.get(tree);
  if (!places) {
    const direct = newNode();
    add(tx, direct, tx.registry.directTriggersOf(cause), new Set([cause]));
    const made = new Map<TriggerTree, ReadonlySet<Field>>();
    compare(made, tree, direct);
    found.set(tree, (places = made));
  }
  return places;
}

function newNode(): Node {
  return { targets: new Set(), branches: new Map() };
}

function add(tx: Transaction, node: Node, tree: TriggerTree, seen: ReadonlySet<Field>): void {
  for (const target of tree.targets) {
    node.targets.add(target);
    if (!target.isStored && !seen.has(target)) add(tx, node, tx.registry.directTriggersOf(target), new Set([...seen, target]));
  }
  for (const [key, branch] of tree.branches) {
    let below = node.branches.get(key);
    if (!below) node.branches.set(key, (below = newNode()));
    add(tx, below, branch, seen);
  }
}

function compare(places: Map<TriggerTree, ReadonlySet<Field>>, tree: TriggerTree, direct: Node | undefined): void {
  places.set(tree, new Set(tree.targets.filter((target) => keepsHandWritten(target) && direct?.targets.has(target) === true)));
  for (const [key, branch] of tree.branches) compare(places, branch, direct?.branches.get(key));
}
