import { FieldColumns } from './field-columns';
import { FieldMemo } from './field-memo';
import { checkField } from './given-records';
import type { CacheField } from './shapes';
import { SlotIndex } from './slot-index';
import type { UndoLog } from './undo-log';

/** Up to so many fields of a model are searched one by one, which is cheaper than a map of them. */
const FEW_FIELDS = 12;

interface ModelTable {
  readonly slots: SlotIndex;
  readonly fields: FieldColumns[];
  /** The same by name, once there are more than a few. */
  byName: Map<string, FieldColumns> | undefined;
}

/** Everything one generation of a cache holds: model → field → columns. A cleared cache has a new one. */
export class FieldTable {
  readonly generation: number;
  /** Whether it is the one the cache works with: one that was cleared away is not, until an undo brings it back. */
  isCurrent = true;
  /** Fields that have marks; one whose marking was for no record counts until it is cleared. */
  readonly #dirty = new Set<FieldColumns>();
  #dirtyRanks = 0;
  readonly #models = new Map<string, ModelTable>();
  readonly memo: FieldMemo = new FieldMemo();
  readonly #log: UndoLog;

  constructor(generation: number, log: UndoLog) {
    this.generation = generation;
    this.#log = log;
  }

  /** The columns of a field, empty ones when it was not met before. */
  columnsOf(field: CacheField): FieldColumns {
    return this.memo.columnsAt(this.memo.placeOf(field)) ?? this.#meet(field);
  }

  slotsOf(model: string): SlotIndex {
    return this.#model(model).slots;
  }

  /** The fields of a model, in the order in which they were met. */
  fieldsOf(model: string): readonly FieldColumns[] {
    return this.#models.get(model)?.fields ?? [];
  }

  models(): Iterable<string> {
    return this.#models.keys();
  }

  *allFields(): Generator<FieldColumns> {
    for (const { fields } of this.#models.values()) yield* fields;
  }

  /** The fields that have marks, in the order of their first. */
  dirtyFields(): FieldColumns[] {
    return [...this.#dirty].sort((a, b) => a.dirtyRank - b.dirtyRank);
  }

  /** Lists a field as having marks. */
  listDirty(columns: FieldColumns): void {
    if (columns.dirtyRank > 0) return;
    this.#dirtyRanks += 1;
    this.#rank(columns, this.#dirtyRanks);
  }

  /** Takes a field off the list of those with marks. */
  unlistDirty(columns: FieldColumns): void {
    if (columns.dirtyRank > 0) this.#rank(columns, 0);
  }

  #rank(columns: FieldColumns, rank: number): void {
    const old = columns.dirtyRank;
    if (this.#log.isOpen) this.#log.noteAction(() => { this.#hold(columns, old); });
    this.#hold(columns, rank);
  }

  #hold(columns: FieldColumns, rank: number): void {
    columns.dirtyRank = rank;
    if (rank > 0) this.#dirty.add(columns);
    else this.#dirty.delete(columns);
  }

  /** A field object that was not met before: perhaps another one of a known field. */
  #meet(field: CacheField): FieldColumns {
    checkField(field);
    const table = this.#model(field.model);
    const columns = findByName(table, field.name) ?? this.#addField(table, field);
    columns.field = field;
    this.memo.add(field, columns);
    return columns;
  }

  #addField(table: ModelTable, field: CacheField): FieldColumns {
    const columns = new FieldColumns(field, table.slots, this.generation, this.#log);
    table.fields.push(columns);
    if (table.fields.length > FEW_FIELDS) {
      table.byName ??= new Map(table.fields.map((one) => [one.field.name, one]));
      table.byName.set(field.name, columns);
    }
    return columns;
  }

  #model(model: string): ModelTable {
    let table = this.#models.get(model);
    if (table === undefined) {
      table = { slots: new SlotIndex(), fields: [], byName: undefined };
      this.#models.set(model, table);
    }
    return table;
  }
}

function findByName({ fields, byName }: ModelTable, name: string): FieldColumns | undefined {
  if (byName !== undefined) return byName.get(name);
  for (const columns of fields) {
    if (columns.field.name === name) return columns;
  }
  return undefined;
}
