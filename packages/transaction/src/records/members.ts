import type { Id } from '@ormolu/kernel';
import { NotSingletonError } from '../errors';
import type { RecordClass } from './keeping-class';
import type { RecordSet } from './recordset';

/** What a set of none or several records holds. */
export class Members {
  readonly ids: readonly Id[];
  #singles: readonly (RecordSet | undefined)[] | undefined;

  constructor(ids: readonly Id[]) {
    this.ids = ids;
  }

  /**
   * The records of the set, one by one; the same ones each time. Behind the last one stands `undefined`, by which a loop knows the end.
   *
   * @remarks Made all at once: loops over an array are the fastest there are, and one read of one of them fetches as many values.
   */
  singles(set: RecordSet): readonly (RecordSet | undefined)[] {
    const make = set.constructor as RecordClass; // a set's class is that of its model
    return (this.#singles ??= [...this.ids.map((id) => set.prefetchGroup.make(make, id)), undefined]);
  }
}

/** The id of a single record, or what a set holds. */
export function membersOf(records: RecordSet): Id | Members {
  return records['own ids'];
}

/** The id of a set of exactly one. @param asked - the field or member that was asked of it, for the error @throws {NotSingletonError} TX_NOT_SINGLETON */
export function onlyIdOf(records: RecordSet, asked: string): Id {
  const members = membersOf(records);
  if (members instanceof Members) throw new NotSingletonError(records.model, asked, members.ids.length);
  return members;
}
