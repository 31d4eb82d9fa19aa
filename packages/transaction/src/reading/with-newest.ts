import type { Registry } from '@ormolu/registry';
import type { Transaction } from '../transaction';

/**
 * Does work that waits with one version of the models, and once more where the transaction has taken another meanwhile: with that, all is forgotten that was
 * fetched and computed before, and what the old version says is of no use any more.
 */
export async function withNewest(tx: Transaction, work: (registry: Registry) => Promise<void>): Promise<void> {
  for (let registry: Registry | undefined; registry !== tx.registry; ) {
    registry = tx.registry;
    try {
      await work(registry);
    } catch (error) {
      if (registry === tx.registry) throw error;
    }
  }
}
