import type { Field } from '@ormolu/registry';

/** Whether a value may have been written by hand: it is computed again only when something that it is computed from has changed. */
export function keepsHandWritten(field: Field): boolean {
  return field.isStored && field.compute !== undefined && !field.isReadonly && field.related === undefined;
}
