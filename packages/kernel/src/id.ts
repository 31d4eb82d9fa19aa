/** The identity of a record that exists in storage. `bigint` for 8-byte keys, `string` for text and uuid keys. */
export type StoredId = number | bigint | string;

/** The identity of a record: stored, or of a draft that has no row yet. */
export type Id = StoredId | NewId;

/** What a draft may remember about where it comes from. */
export interface NewIdOptions {
  /** The stored record this draft is an edited copy of. */
  readonly origin?: StoredId | undefined;
  /** A name by which the caller finds the draft again, for example a row of a form. */
  readonly ref?: string | undefined;
}

let drafts = 0;

/**
 * The temporary identity of a record that is not in storage yet.
 *
 * Two `NewId`s are the same record only when they are the same object: origin and ref describe, they do not identify.
 * @see docs/glossary.md, "new record"; the idea is that of Odoo's `NewId`.
 */
export class NewId {
  readonly origin: StoredId | undefined;
  readonly ref: string | undefined;
  /** Grows with every draft of this process; for messages and stable ordering only. */
  readonly serial: number;

  constructor(options: NewIdOptions = {}) {
    this.origin = options.origin;
    this.ref = options.ref;
    drafts += 1;
    this.serial = drafts;
  }

  toString(): string {
    if (this.ref !== undefined) return `new:${this.ref}`;
    return this.origin === undefined ? `new#${String(this.serial)}` : `new(origin ${String(this.origin)})`;
  }
}

/** Tells a stored identity from a draft's. */
export function isStoredId(id: Id): id is StoredId {
  return typeof id !== 'object';
}

/** Writes ids for a message: the first few, then how many more. Never more than `limit` of them. */
export function describeIds(ids: readonly Id[], limit = 5): string {
  const shown = ids.slice(0, limit).map(String).join(', ');
  return ids.length > limit ? `${shown} and ${String(ids.length - limit)} more` : shown;
}
