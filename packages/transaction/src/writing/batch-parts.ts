import type { Id, NewId, StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import type { RowValues } from './row-values';

/** A record that is to be inserted, its references to others of its kind by their temporary ids. */
export interface NewRow {
  readonly id: NewId;
  readonly model: Model;
  /** The id it is to have, where the caller says; the database gives all others. */
  readonly given: StoredId | undefined;
  /** In the cache's form; lists are told apart. */
  readonly values: RowValues;
}

/** One value for a field of some records. */
export interface Put {
  readonly field: Field;
  readonly ids: readonly Id[];
  /** In the cache's form. */
  readonly cached: unknown;
  /** In whose place, where there is a value for each company or language. @defaultValue whoever writes the batch */
  readonly env?: Environment;
}

/** What happens to the list of some records; what is created for it has been made into new rows. */
export interface ListStep {
  readonly field: Field;
  readonly owner: Id;
  readonly kind: 'link' | 'unlink' | 'delete' | 'set';
  readonly ids: readonly Id[];
}
