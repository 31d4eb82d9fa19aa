import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { forgetReadThrough } from './read-through';
import { fire, isEmpty, startFiring } from '../triggers/modified';
import type { Transaction } from '../transaction';

/**
 * Values of stored records have changed: drafts of them that have none of their own follow, and so does what depends on these.
 *
 * @remarks Looks through the drafts of the model.
 */
export function followOrigins(tx: Transaction, field: Field, ids: Iterable<Id>): void {
  if (tx.drafts.isEmpty) return;
  const following = forgetReadThrough(tx, field, ids);
  const tree = tx.registry.triggersOf(field);
  if (following.length > 0 && !isEmpty(tree)) fire(tx, { ...startFiring(tx, field, following), isFollowing: true }, tree, following);
}
