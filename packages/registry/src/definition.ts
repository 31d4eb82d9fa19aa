import type { IdType } from '@ormolu/kernel';
import type { SetupProblem } from './errors';
import type { FieldDefinition, FunctionName } from './field-definition';

/** What may be said of a model beside its fields. */
export interface ModelOptions {
  /** Its table. @defaultValue the model's name in snake_case, dots as underscores */
  readonly table?: string | undefined;
  /** Its primary key column. @defaultValue 'id' */
  readonly idColumn?: string | undefined;
  /** How its ids are kept. @defaultValue 'integer' */
  readonly id?: IdType | undefined;
  /** The order of its searches and lists when nothing else is asked: paths, descending with a minus. Ties go by id. @defaultValue by id */
  readonly order?: readonly string[] | undefined;
  /** The many2one to this very model that `childOf` and `parentOf` follow. */
  readonly parent?: string | undefined;
  /** Keeps a record version that the database raises with every update, for optimistic work. @defaultValue false */
  readonly versioned?: boolean | undefined;
  /** Has no table and no records: other models take its fields, computes and methods over. @defaultValue false */
  readonly abstract?: boolean | undefined;
  /** For people: what it means. */
  readonly description?: string | undefined;
}

/** How fields are computed, together. */
export interface ComputeDefinition {
  readonly fields: readonly string[];
  readonly depends: readonly string[];
  readonly isBatch: boolean;
  readonly run: FunctionName;
}

/** One version of a method. */
export interface MethodDefinition {
  readonly run: FunctionName;
  /** Whether `run` is given the methods before it, and gives those that replace them. */
  readonly isOverride: boolean;
}

/** A model as it is defined so far. */
export interface ModelDefinition {
  readonly name: string;
  /** False while something is said of it, but no fields: a misspelt name, or a module that is missing. */
  readonly isDefined: boolean;
  readonly options: ModelOptions;
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  /** Models whose fields, computes and methods it takes over. */
  readonly mixins: readonly string[];
  /** Its many2one fields whose records' fields it shows as its own. */
  readonly delegates: readonly string[];
  /** By the fields they give, with commas. */
  readonly computes: Readonly<Record<string, ComputeDefinition>>;
  /** Field → the compute that gives it. */
  readonly computeOf: Readonly<Record<string, string>>;
  readonly inverses: Readonly<Record<string, FunctionName>>;
  readonly searches: Readonly<Record<string, FunctionName>>;
  /** Fields that it has, and that this program may not see. */
  readonly hidden?: readonly string[] | undefined;
  /** Method → its versions, the newest last. */
  readonly methods: Readonly<Record<string, readonly MethodDefinition[]>>;
}

/** A module that has said something. */
export interface ModuleDefinition {
  readonly version: string;
  /** The modules that its own definition builds on. */
  readonly requires: readonly string[];
}

/**
 * Everything defined so far. Plain data, frozen, shared between versions: functions stand in it by name only, so that it, and
 * what changed between two versions of it, can be sent to another process.
 */
export interface Definition {
  readonly models: Readonly<Record<string, ModelDefinition>>;
  readonly modules: Readonly<Record<string, ModuleDefinition>>;
  /** What was wrong when it was said, told with all else at setup. */
  readonly problems: readonly SetupProblem[];
}

/** A model of which nothing is known but its name. */
export function emptyModel(name: string): ModelDefinition {
  return { name, isDefined: false, options: {}, fields: {}, mixins: [], delegates: [], computes: {}, computeOf: {}, inverses: {}, searches: {}, methods: {} };
}
