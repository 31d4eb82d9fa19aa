import type { Cache } from '../cache';

/** The calls that the model knows: a cache of another maker that has them can be tested against it. */
export type CacheFace = Pick<Cache,
  | 'contains' | 'get' | 'set' | 'remove' | 'getFields' | 'update' | 'insertMissing' | 'getValues' | 'getUntilMiss' | 'getMissingIds'
  | 'getRecordsDifferentFrom' | 'getRecords' | 'getRecordsAll' | 'containsField' | 'entries' | 'invalidate' | 'clear' | 'getDirtyFields'
  | 'hasDirtyFields' | 'getDirtyRecords' | 'dirtyEntries' | 'isDirty' | 'markDirty' | 'clearDirty' | 'clearDirtyField' | 'discard' | 'forget'>;

/** Returning to an earlier state; a cache without it is tested with `{ undo: false }`. */
export interface UndoFace {
  openUndo(): unknown;
  undoTo(mark: never): void;
  undoAndClose(mark: never): void;
  closeUndo(mark: never): void;
}
