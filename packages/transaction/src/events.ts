import { channels, type ChangeEvent, type TransactionEvent } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';

/** Tells those who listen that values were assigned, or are to be computed anew. */
export function tellChange(channel: 'write' | 'mark', field: Field, records: number): void {
  if (records === 0 || !channels[channel].hasSubscribers) return;
  const event: ChangeEvent = { model: field.model, field: field.name, records };
  channels[channel].publish(event);
}

/** Tells those who listen what has happened to a transaction. */
export function tellTransaction(what: TransactionEvent['what']): void {
  if (!channels.transaction.hasSubscribers) return;
  const event: TransactionEvent = { what };
  channels.transaction.publish(event);
}
