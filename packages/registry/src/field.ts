import type { OnDelete } from '@ormolu/kernel';
import { FieldValueError } from './errors';
import { Refusal, type FieldKind } from './field-kinds/field-kind';

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

/** Where a relational field leads. */
export interface Relation {
  readonly kind: 'many2one' | 'one2many';
  readonly comodel: string;
  /** The many2one on the other side, of a one2many. */
  readonly inverseName?: string | undefined;
  readonly onDelete?: OnDelete | undefined;
}

/** What a field is made of. */
export interface FieldParts {
  readonly model: string;
  readonly name: string;
  readonly index: number;
  readonly kind: FieldKind;
  readonly options: KindOptions;
  readonly relation?: Relation | undefined;
}

/** What may be said of any field. */
export interface FieldOptions {
  /** Null is refused. @defaultValue false */
  readonly required?: boolean | undefined;
  /** @defaultValue false */
  readonly index?: boolean | undefined;
  /** @defaultValue false */
  readonly unique?: boolean | undefined;
  /** A value for new records, or a function that gives one. */
  readonly default?: unknown;
  /** Of a computed field: kept in a column. @defaultValue false */
  readonly store?: boolean | undefined;
  /** Of a computed field: it depends on itself in other records. @defaultValue false */
  readonly recursive?: boolean | undefined;
  /** Of a computed field: false lets it be assigned; the value stays until a cause changes. @defaultValue true */
  readonly readonly?: boolean | undefined;
  /** Its name in the database. @defaultValue the field's name in snake_case */
  readonly column?: string | undefined;
}

/** The options of every kind of field together; the builders offer each to the kinds that have it. */
export interface KindOptions extends FieldOptions {
  /** Of texts: the most characters, counted as code points. @defaultValue no limit */
  readonly size?: number | undefined;
  /** Of decimals: the most digits, on both sides of the point together. @defaultValue 1000 */
  readonly precision?: number | undefined;
  /** Of decimals: how many digits stand behind the point. @defaultValue 2 for monetary; decimal must say it */
  readonly scale?: number | undefined;
  /** Of selections: the values there are. */
  readonly values?: readonly string[] | undefined;
}

/** A field of a model in one registry version: everything but its values. */
export class Field {
  readonly model: string;
  readonly name: string;
  /** Dense over the registry version, for arrays by field. */
  readonly index: number;
  readonly kind: string;
  readonly relation: Relation | undefined;
  /** Context keys its value depends on. */
  readonly dependsContext: readonly string[] = [];
  readonly default: unknown;
  readonly isRequired: boolean;
  readonly isRecursive: boolean;
  readonly isEditable: boolean;
  readonly options: KindOptions;
  readonly #kind: FieldKind;
  #compute: Compute | undefined;

  constructor({ model, name, index, kind, options, relation }: FieldParts) {
    this.model = model;
    this.name = name;
    this.index = index;
    this.kind = kind.name;
    this.relation = relation;
    this.default = options.default;
    this.isRequired = options.required ?? false;
    this.isRecursive = options.recursive ?? false;
    this.isEditable = options.readonly === false;
    this.options = options;
    this.#kind = kind;
  }

  /** What computes it; undefined for a field that is only written. */
  get compute(): Compute | undefined {
    return this.#compute;
  }

  /** Whether it has a column of its own. */
  get isStored(): boolean {
    return this.#kind.columnType !== undefined && (this.#compute === undefined || this.options.store === true);
  }

  /** Whether it is read together with the other columns of its model. */
  get isPrefetched(): boolean {
    return this.isStored;
  }

  get columnType(): FieldKind['columnType'] {
    return this.#kind.columnType;
  }

  /** Digits behind the decimal point, of a `numeric` column. */
  get scale(): number | undefined {
    return this.#kind.scale;
  }

  /** Setup ties a compute to its fields once all exist. */
  static tie(field: Field, compute: Compute): void {
    field.#compute = compute;
  }

  /**
   * A value as a user gives it, in the cache's one form of it; null is no value.
   *
   * @throws {FieldValueError} FIELD_VALUE_INVALID when it is no value of this field's kind, or does not keep within its options
   */
  toCache(value: unknown): unknown {
    if (value === null) return null;
    const taken = this.#kind.take(value);
    if (taken instanceof Refusal) throw new FieldValueError(this, taken.expected, value);
    return taken;
  }

  /** A cached value as a property read gives it: dates and bytes are new ones with each read, json is frozen. */
  toUser(cached: unknown): unknown {
    return cached === null ? null : this.#kind.toUser(cached);
  }

  /** A cached value as the column takes it. */
  toColumn(cached: unknown): unknown {
    return cached === null ? null : this.#kind.toColumn(cached);
  }

  /** What the column gave, in the cache's form. */
  fromColumn(raw: unknown): unknown {
    return raw === null || raw === undefined ? null : this.#kind.fromColumn(raw);
  }

  /** Whether two cached values are the same. */
  isEqual(a: unknown, b: unknown): boolean {
    return this.#kind.isEqual(a, b);
  }
}
