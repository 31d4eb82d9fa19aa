import type { IdType, OrderTerm } from '@ormolu/kernel';
import type { Field } from './field';

/** A function that users call on records. */
export type Method = (records: unknown, ...args: readonly unknown[]) => unknown;

/** A model in one registry version. */
export interface Model {
  readonly name: string;
  readonly table: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** In which its searches and lists come when nothing else is asked. */
  readonly order: readonly OrderTerm[];
  readonly idType: IdType;
  readonly methods: ReadonlyMap<string, Method>;
}
