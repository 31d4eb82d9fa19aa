import type { OnDelete } from '@ormolu/kernel';

/** A function, as a definition keeps it: a name that another process can look up. Plain data. */
export interface FunctionName {
  /** The module that brings it. */
  readonly $module: string;
  /** Which of its functions. */
  readonly $function: string;
  /** Stands for what the function gives: a value that is no plain data. */
  readonly $value?: true;
}

/** What may be said of a field of any kind. */
export interface FieldOptions {
  /** Null is refused. @defaultValue false */
  readonly required?: boolean | undefined;
  /** The database keeps an index. @defaultValue true of a many2one, else false */
  readonly index?: boolean | undefined;
  /** No two records have the same value. @defaultValue false */
  readonly unique?: boolean | undefined;
  /** A value for new records, or a function that gives one. */
  readonly default?: unknown;
  /** Kept in the database. @defaultValue true; of a computed or related field: false */
  readonly store?: boolean | undefined;
  /** Of a computed field: it may depend on itself in other records. @defaultValue false */
  readonly recursive?: boolean | undefined;
  /** Of a computed field, `false` lets it be assigned; the value stays until a cause changes. Of others it is a hint to forms. @defaultValue true of a computed field without inverse, else false */
  readonly readonly?: boolean | undefined;
  /** Of a computed field that is stored: computed before its row is inserted, so that the column may refuse null. @defaultValue false */
  readonly precompute?: boolean | undefined;
  /** Read together with the other columns of its model. @defaultValue true; of `binary`: false */
  readonly prefetch?: boolean | undefined;
  /** Context keys on which a computed value depends: `lang`, `uid`, `company`, or keys of your own. @defaultValue none */
  readonly dependsContext?: readonly string[] | undefined;
  /** A value for each company. @defaultValue false */
  readonly companyDependent?: boolean | undefined;
  /** A value for each language. Only texts. @defaultValue false */
  readonly translate?: boolean | undefined;
  /** Only members of one of these groups may read or write it through the API. @defaultValue everybody */
  readonly groups?: readonly string[] | undefined;
  /** `copy` gives it to the copy. @defaultValue true; of one2many false, and of computed fields unless they are stored and say `readonly: false` */
  readonly copy?: boolean | undefined;
  /** Its values never appear in diagnostics, and are on cache servers only sealed: see docs/shared-cache.md. @defaultValue false */
  readonly sensitive?: boolean | undefined;
  /** Its name in the database. @defaultValue the field's name in snake_case */
  readonly column?: string | undefined;
  /** For people: what it means. */
  readonly description?: string | undefined;
}

/** The options of every kind of field together; the builders offer each to the kinds that have it. Plain data, apart from a default that is a function. */
export interface KindOptions extends FieldOptions {
  /** Of texts: the most characters, counted as code points. @defaultValue no limit */
  readonly size?: number | undefined;
  /** Of decimals: the most digits, on both sides of the point together. @defaultValue 1000 */
  readonly precision?: number | undefined;
  /** Of decimals: how many digits stand behind the point. @defaultValue 2 for monetary; decimal must say it */
  readonly scale?: number | undefined;
  /** Of a monetary: the field of the same model that holds the currency. */
  readonly currency?: string | undefined;
  /** Of selections: the values there are. */
  readonly values?: readonly string[] | undefined;
  /** Of references: the models they may lead to. */
  readonly models?: readonly string[] | undefined;
  /** Of a many2one: what the database does when the record referred to is deleted. */
  readonly onDelete?: OnDelete | undefined;
  /** Of a many2many: the relation table, and its column of the other model. */
  readonly table?: string | undefined;
  readonly otherColumn?: string | undefined;
}

/** A field as it is defined: its kind, where it leads, and everything said of it. */
export interface FieldDefinition {
  readonly kind: string;
  /** The model a relation leads to. */
  readonly comodel?: string | undefined;
  /** The many2one on the other side, of a one2many. */
  readonly inverse?: string | undefined;
  /** What a related field shows. */
  readonly path?: string | undefined;
  /** It is computed, and somewhere else: of what it follows from, this program does not see all. */
  readonly served?: true | undefined;
  readonly options: KindOptions;
}
