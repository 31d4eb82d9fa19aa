import { Column } from './column';
import { NO_CONTEXT } from './context-key';
import { checkKey } from './given-records';
import type { CacheField, ContextKey } from './shapes';
import type { SlotIndex } from './slot-index';
import type { UndoLog } from './undo-log';

/** All columns of one field: one per context key it was met under. */
export class FieldColumns {
  /** The newest object this field was met as. */
  field: CacheField;
  readonly slots: SlotIndex;
  /** The column of a field that depends on no context. */
  readonly plain: Column;
  /** The columns under other keys than `NO_CONTEXT`. */
  #keyed: Map<ContextKey, Column> | undefined;
  readonly #generation: number;
  readonly #log: UndoLog;
  #ranks = 0;
  /** When it was listed as having marks, among the fields of its table, from 1; 0: it is not listed. */
  dirtyRank = 0;

  constructor(field: CacheField, slots: SlotIndex, generation: number, log: UndoLog) {
    this.field = field;
    this.slots = slots;
    this.#generation = generation;
    this.#log = log;
    this.plain = new Column(slots, NO_CONTEXT, generation, log);
  }

  /** The column under a context key, made when there is none. */
  under(key: ContextKey): Column {
    let column = this.peek(key);
    if (column === undefined) {
      checkKey(key, this.field);
      column = new Column(this.slots, key, this.#generation, this.#log);
      this.#keyed ??= new Map();
      this.#keyed.set(key, column);
    }
    return column;
  }

  /** The column under a context key, if it was met. */
  peek(key: ContextKey): Column | undefined {
    return key === NO_CONTEXT ? this.plain : this.#keyed?.get(key);
  }

  /** Notes that a column of rank 0 is written to: contexts are listed in the order of their first write. */
  touch(column: Column): void {
    this.#ranks += 1;
    column.rank = this.#ranks;
    // Values that were fetched stay after an undo, and with them the column's place in the order.
    if (this.#log.isOpen) this.#log.noteAction(() => { if (column.size === 0) column.rank = 0; });
  }

  /** The columns that have been written to, in the order of their first write since the field was last forgotten. */
  inOrder(): Column[] {
    return [...this.all()].filter((column) => column.rank > 0).sort((a, b) => a.rank - b.rank);
  }

  /** Whether a value waits to be written, in any context. */
  get hasMarks(): boolean {
    if (this.plain.dirtySize > 0) return true;
    for (const column of this.#keyed?.values() ?? []) if (column.dirtySize > 0) return true;
    return false;
  }

  /** Every column there is, read ones too. */
  *all(): Generator<Column> {
    yield this.plain;
    if (this.#keyed !== undefined) yield* this.#keyed.values();
  }
}
