import { FieldValueError } from '@ormolu/registry';
import { ComputeError, type RecordSet } from '@ormolu/transaction';
import type { GivenColumn } from './given-columns';

/**
 * Of columns that are kept, computed and have inverses, those that a program has assigned, for each record.
 *
 * A program sends what it has computed, or what its own inverses have led to, along with the causes; then this is worked out here as well, and comes to the same. The inverse must not run for that: it
 * may not give back the very causes that somebody has written, or count how often it runs.
 *
 * @param records - which have everything else that was given
 * @param places - theirs, in the columns
 * @remarks Nothing without such columns; else what their computes read.
 */
export async function assigned(records: RecordSet, columns: readonly GivenColumn[], places: readonly number[]): Promise<readonly (readonly GivenColumn[])[]> {
  if (columns.length === 0) return places.map(() => []);
  try {
    await records.load(columns.map(({ field }) => field.name));
  } catch (error) {
    // Without the inverse nothing may be there to compute from: then it was assigned.
    if (!(error instanceof ComputeError)) throw error;
  }
  const { env, ids } = records;
  return places.map((place, n) => columns.filter((column) => {
    const id = ids[n];
    const here = id === undefined ? undefined : env.peek(column.field, id);
    return here === undefined || !isSame(column, here, place);
  }));
}

/** What is no value of the field is refused where it is assigned. */
function isSame({ field, valueOf }: GivenColumn, here: unknown, place: number): boolean {
  try {
    return field.isEqual(here, field.toCache(valueOf(place)));
  } catch (error) {
    if (error instanceof FieldValueError) return false;
    throw error;
  }
}
