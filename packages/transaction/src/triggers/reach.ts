import type { Field, TriggerTree } from '@ormolu/registry';
import type { Transaction } from '../transaction';

/** Which fields a tree may make stale, beyond the one level to which recursive fields are expanded. */
export interface Reach {
  readonly concerned: ReadonlySet<Field>;
  readonly recursive: ReadonlySet<Field>;
}

const reaches = new WeakMap<TriggerTree, Reach>();

/** @see Reach */
export function reachOf(tx: Transaction, tree: TriggerTree): Reach {
  const known = reaches.get(tree);
  if (known) return known;
  const concerned = new Set<Field>();
  const recursive = new Set<Field>();
  const work = [tree];
  for (let here = work.pop(); here; here = work.pop()) {
    for (const target of here.targets) {
      concerned.add(target);
      if (!target.isRecursive || recursive.has(target)) continue;
      recursive.add(target);
      work.push(tx.registry.triggersOf(target));
    }
    work.push(...here.branches.values());
  }
  const reach = { concerned, recursive };
  reaches.set(tree, reach);
  return reach;
}
