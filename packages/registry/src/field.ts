import { jsonFormOf, type ColumnType, type KeyedColumn, type OnDelete } from '@ormolu/kernel';
import { FieldValueError } from './errors';
import type { KindOptions } from './field-definition';
import { Refusal, same, UNFINDABLE, type FieldKind } from './field-kinds/field-kind';

export { type FieldOptions, type KindOptions } from './field-definition';

/** What a computed field runs. */
export interface Compute {
  /** The fields it gives values to, together. */
  readonly fields: readonly Field[];
  /** True: gets a set and assigns. False: gets one record and returns its value. */
  readonly isBatch: boolean;
  // The transaction's records are made from these very definitions; what the compute expects of them is checked where it is defined.
  readonly run: (records: never) => unknown;
  /** The paths it reads, as written. */
  readonly depends: readonly string[];
}

/** What writing a computed field does, for one record that has the new value. */
export type Inverse = (record: never) => unknown;

/** Gives the filter that finds records by a value that is not stored. */
export type Search = (operator: never, value: never) => unknown;

/** Where a relational field leads. */
export interface Relation {
  readonly kind: 'many2one' | 'one2many' | 'many2many';
  readonly comodel: string;
  /** The many2one on the other side, of a one2many. */
  readonly inverseName?: string | undefined;
  /** Of a many2one. */
  readonly onDelete?: OnDelete | undefined;
  /** The model of the relation table's rows in the schema, of a many2many that the database keeps, and that table's fields of either side. */
  readonly relationModel?: string | undefined;
  readonly column?: string | undefined;
  readonly otherColumn?: string | undefined;
}

/** What a field is made of. */
export interface FieldParts {
  readonly model: string;
  readonly name: string;
  readonly index: number;
  readonly kind: FieldKind;
  /** With those of what it shows, if it is a related field. */
  readonly options: KindOptions;
  readonly default: unknown;
  readonly relation: Relation | undefined;
  readonly related: readonly string[] | undefined;
  readonly compute: Compute | undefined;
  readonly inverse: Inverse | undefined;
  readonly search: Search | undefined;
  readonly isServed: boolean;
}

/**
 * A field of a model: everything but its values.
 *
 * Immutable, and the same object in all registry versions between which its model has not changed.
 */
export class Field {
  readonly model: string;
  readonly name: string;
  /** Of what it holds: a related field has the kind of the field it shows. */
  readonly kind: string;
  /** Dense over the registry version, for arrays by field. */
  readonly index: number;
  /** What it was defined with. */
  readonly options: KindOptions;
  readonly relation: Relation | undefined;
  /** The path it shows, of a related field. */
  readonly related: readonly string[] | undefined;
  /** What computes it; undefined for a field that is only written. A related field is computed too. */
  readonly compute: Compute | undefined;
  readonly inverse: Inverse | undefined;
  readonly search: Search | undefined;
  /** Context keys its value depends on. */
  readonly dependsContext: readonly string[];
  /** A plain value, or a function that gives one. */
  readonly default: unknown;
  /** Whether it has a column of its own. */
  readonly isStored: boolean;
  /** Computed where more is seen than here: its values come from there, and hold until something is written. */
  readonly isServed: boolean;
  /** The same, as a cache asks for it. */
  readonly stored: boolean;
  /** Whether the database keeps its value in any way: a column, a relation table, or the many2one of the other side. */
  readonly isPersistent: boolean;
  readonly isRequired: boolean;
  readonly isRecursive: boolean;
  /** Computed, but may be written by hand; the value stays until a cause changes. */
  readonly isEditable: boolean;
  /** Nothing writes it but its compute; of a field that is not computed, a hint to forms. */
  readonly isReadonly: boolean;
  /** Whether it is read together with the other columns of its model. */
  readonly isPrefetched: boolean;
  /** Computed before its row is inserted. */
  readonly isPrecomputed: boolean;
  /** Whether `copy` gives it to the copy. */
  readonly isCopied: boolean;
  /** One JSON column holds its values of all companies, or languages, by this context key. */
  readonly keyedBy: 'company' | 'lang' | undefined;
  /** Those who may read and write it through the API; undefined: everybody. */
  readonly groups: readonly string[] | undefined;
  /** Undefined of lists. Of a field with a value per company or language, that of the column which holds them all. */
  readonly columnType: ColumnType | undefined;
  /** What its column keeps, of a field with a value per company or language. */
  readonly keyedColumn: KeyedColumn | undefined;
  /** Digits behind the decimal point, of a `numeric` column. */
  readonly scale: number | undefined;
  /** Whether a property read gives the cached value itself. */
  readonly isGivenAsKept: boolean;
  readonly #kind: FieldKind;

  constructor(parts: FieldParts) {
    const { options, kind, relation, compute, inverse } = parts;
    this.model = parts.model;
    this.name = parts.name;
    this.index = parts.index;
    this.kind = kind.name;
    this.#kind = kind;
    this.isGivenAsKept = kind.toUser === same && kind.name !== 'reference' && parts.relation === undefined;
    this.options = options;
    this.relation = relation;
    this.related = parts.related;
    this.compute = compute;
    this.inverse = inverse;
    this.search = parts.search;
    this.default = parts.default;
    this.keyedBy = options.companyDependent === true ? 'company' : options.translate === true ? 'lang' : undefined;
    this.dependsContext = this.keyedBy ? [this.keyedBy] : (options.dependsContext ?? NO_KEYS);
    this.columnType = kind.columnType && (this.keyedBy ? 'jsonb' : kind.columnType);
    this.keyedColumn = this.keyedBy && kind.columnType ? { by: this.keyedBy, type: kind.columnType, ...(relation ? { references: relation.comodel } : {}) } : undefined;
    this.scale = this.keyedBy ? undefined : kind.scale;
    const isKept = options.store ?? compute === undefined;
    this.isStored = isKept && this.columnType !== undefined;
    this.stored = this.isStored;
    this.isServed = parts.isServed;
    this.isPersistent = this.isStored || (relation !== undefined && relation.kind !== 'many2one' && isKept);
    this.isRequired = options.required ?? false;
    this.isRecursive = options.recursive ?? false;
    this.isEditable = compute !== undefined && options.readonly === false && this.related === undefined;
    this.isReadonly = options.readonly ?? (compute !== undefined && inverse === undefined);
    this.isPrefetched = this.isStored && !this.isServed && (options.prefetch ?? kind.name !== 'binary');
    this.isPrecomputed = options.precompute === true && compute !== undefined && this.isStored;
    this.isCopied = options.copy ?? ((compute === undefined || (this.isStored && this.isEditable)) && relation?.kind !== 'one2many');
    this.groups = options.groups;
  }

  /**
   * A value as a user gives it, in the cache's one form of it. Whether null may be is asked elsewhere, when a row is written.
   *
   * @param value - of the kind's own type; for relations also records
   * @throws {FieldValueError} FIELD_VALUE_INVALID when it is no value of this field's kind, or does not keep within its options
   */
  toCache(value: unknown): unknown {
    if (value === null) return this.relation && this.relation.kind !== 'many2one' ? NOTHING : null;
    const taken = this.#kind.take(value);
    if (taken instanceof Refusal) throw new FieldValueError(this, taken.expected, value);
    return taken;
  }

  /**
   * A value to look for, as a storage compares it. What is too long or too large may be looked for, and is not found.
   *
   * @returns `UNFINDABLE` when no column can hold it
   * @throws {FieldValueError} FIELD_VALUE_INVALID when it is no value of this field's kind
   */
  toConstant(value: unknown): unknown {
    if (value === null) return null;
    const taken = this.#kind.takeConstant ? this.#kind.takeConstant(value) : this.#kind.take(value);
    if (taken instanceof Refusal) throw new FieldValueError(this, taken.expected, value);
    return taken === UNFINDABLE || taken === null ? taken : this.#kind.toColumn(taken);
  }

  /** What a storage grouped by, in the cache's form. */
  fromConstant(value: unknown): unknown {
    return value === null ? null : this.#kind.fromColumn(value);
  }

  /** A cached value as a property read gives it: dates and bytes are new ones with each read, json is frozen, records are ids. */
  toUser(cached: unknown): unknown {
    return cached === null ? null : this.#kind.toUser(cached);
  }

  /** A cached value as the column takes it; of a field with a value per company or language, as its place in the column takes it. */
  toColumn(cached: unknown): unknown {
    if (cached === null) return null;
    const column = this.#kind.toColumn(cached);
    return this.keyedColumn ? jsonFormOf(this.keyedColumn.type).toJson(column) : column;
  }

  /** What the column gave, or its place in the column, in the cache's form. */
  fromColumn(raw: unknown): unknown {
    if (raw === null || raw === undefined) return null;
    return this.#kind.fromColumn(this.keyedColumn ? jsonFormOf(this.keyedColumn.type).fromJson(raw) : raw);
  }

  /** Whether two cached values are the same. Lists are the same when they hold the same records. */
  isEqual(a: unknown, b: unknown): boolean {
    return a === null || b === null ? a === b : this.#kind.isEqual(a, b);
  }

  toString(): string {
    return `${this.model}.${this.name}`;
  }
}

const NO_KEYS: readonly string[] = Object.freeze([]);
const NOTHING: readonly never[] = Object.freeze([]);
