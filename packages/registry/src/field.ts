import type { OnDelete } from '@ormolu/kernel';
import { FieldValueError } from './errors';
import type { FieldKind } from './field-kinds/field-kind';

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
  readonly options: FieldOptions;
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
  /** Longest text, in characters. @defaultValue no limit */
  readonly size?: number | undefined;
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
  readonly options: FieldOptions;
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

  /** Setup ties a compute to its fields once all exist. */
  static tie(field: Field, compute: Compute): void {
    field.#compute = compute;
  }

  /** A value as a user gives it, in the cache's form. @throws {FieldValueError} FIELD_VALUE_INVALID */
  toCache(value: unknown): unknown {
    if (value === null) return null;
    if (!this.#kind.accepts(value)) throw new FieldValueError(this, this.#kind.expects, value);
    const { size } = this.options;
    if (size !== undefined && typeof value === 'string' && Array.from(value).length > size) throw new FieldValueError(this, `text of at most ${String(size)} characters`, value);
    return this.#kind.toCache(value);
  }

  /** A cached value as a property read gives it. */
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
