import type { Column } from './column';
import { FieldTable } from './field-table';
import { checkModel, keyOf } from './given-records';
import type { CacheField, CacheRecords } from './shapes';
import { UndoLog } from './undo-log';

/**
 * How a cache finds the column that a call is about: mostly it is that of the call before.
 * @remarks A base class, not a part, because every read goes this way and would go one step farther.
 */
export class ColumnLookup {
  protected readonly log: UndoLog = new UndoLog();
  protected table: FieldTable = new FieldTable(0, this.log);
  /** The table's own, here because every call asks it. */
  #memo = this.table.memo;
  /** A plain field that was asked for twice running, and its column: the next call is mostly about the same. */
  #repeatedField: CacheField | undefined;
  #repeated: Column | undefined;

  /** The column that records see of a field, which must be of their model; an empty one when it was not met before. */
  protected columnOf(records: CacheRecords, field: CacheField): Column {
    checkModel(records, field);
    if (field === this.#repeatedField && this.#repeated !== undefined) return this.#repeated;
    return this.#find(records, field);
  }

  /** The same, noted as written to. */
  protected touched(records: CacheRecords, field: CacheField): Column {
    const column = this.columnOf(records, field);
    if (column.rank === 0) this.table.columnsOf(field).touch(column);
    return column;
  }

  /** Goes on with another table. */
  protected use(table: FieldTable): void {
    if (this.log.listener !== undefined) this.log.tell();
    this.table.isCurrent = false;
    table.isCurrent = true;
    this.table = table;
    this.#memo = table.memo;
    this.#repeatedField = undefined;
    this.#repeated = undefined;
  }

  #find(records: CacheRecords, field: CacheField): Column {
    const memo = this.#memo;
    const before = memo.last;
    const place = memo.placeOf(field);
    const plain = memo.plainAt(place);
    if (plain === undefined) return this.#meet(records, field);
    if (place === before) {
      this.#repeatedField = field;
      this.#repeated = plain;
    }
    return plain;
  }

  #meet(records: CacheRecords, field: CacheField): Column {
    const columns = this.table.columnsOf(field);
    return field.dependsContext.length === 0 ? columns.plain : columns.under(keyOf(records, field));
  }
}
