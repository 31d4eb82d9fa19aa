import type { IdType, OrderTerm } from '@ormolu/kernel';
import type { Field } from './field';

/** A function that users call on records. */
export type Method = (records: unknown, ...args: readonly unknown[]) => unknown;

/** A model in one registry version. */
export interface Model {
  readonly name: string;
  readonly table: string;
  readonly idColumn: string;
  readonly idType: IdType;
  readonly fields: ReadonlyMap<string, Field>;
  /** Names of fields that it has, and that this program may not see. */
  readonly hidden: ReadonlySet<string>;
  /** In which its searches and lists come when nothing else is asked. */
  readonly order: readonly OrderTerm[];
  readonly methods: ReadonlyMap<string, Method>;
  /** The many2one to itself that `childOf` and `parentOf` follow. */
  readonly parent: string | undefined;
  /** The database keeps a record version, raised with every update. */
  readonly versioned: boolean;
  /** It has no table and no records of its own. */
  readonly abstract: boolean;
  /** Its many2one fields whose records' fields it shows as its own: a new record makes theirs. */
  readonly delegates: readonly string[];
  readonly description: string | undefined;
}
