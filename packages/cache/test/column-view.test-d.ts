// Compiled by the typecheck gate, never run: what a column handle is for, and what it is not.
import { Cache, type CacheField } from '../src/index';

declare const field: CacheField;
const column = new Cache().column(field);
type Member = keyof typeof column;

export const read = [column.slots.slotOf(7), column.at(0), column.of(7), column.has(0), column.isDirty(0), column.size, column.dirtySize, column.occupied(), column.dirtySlots()];

export const hidden: readonly Member[] = [
  // @ts-expect-error values are put in by the cache's calls, which note what has to be written
  'put',
  // @ts-expect-error by update, which knows what comes right behind the last place
  'insertRun',
  // @ts-expect-error a mark without its field being listed would never be written
  'mark',
  // @ts-expect-error marks are taken away by clearDirty and clearDirtyField
  'unmarkAll',
  // @ts-expect-error a dirty value is dropped only by the explicit word
  'delete',
  // @ts-expect-error only an undo takes back
  'revert',
  // @ts-expect-error what is counted is counted by the cache's calls
  'reads',
];
