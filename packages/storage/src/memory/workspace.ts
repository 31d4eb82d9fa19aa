import type { StoredId } from '@ormolu/kernel';
import type { Row, Versions } from './versions';

/** What a table looks like to somebody. */
export interface View {
  row(table: string, id: StoredId): Row | undefined;
  rows(table: string): Iterable<[StoredId, Row]>;
}

interface Undo {
  readonly table: string;
  readonly id: StoredId;
  /** What the workspace held before; undefined: nothing. */
  readonly before: Row | null | undefined;
}

/** One transaction's own changes over what it may see of the committed rows, with a log to take them back. */
export class Workspace implements View {
  readonly #versions: Versions;
  readonly #changes = new Map<string, Map<StoredId, Row | null>>();
  readonly #log: Undo[] = [];
  /** Tables to which rows were added that may have been there already. */
  readonly skipping: Set<string> = new Set<string>();
  /** The commit as of which others' rows are read. */
  asOf: number;

  constructor(versions: Versions, asOf: number) {
    this.#versions = versions;
    this.asOf = asOf;
  }

  row(table: string, id: StoredId): Row | undefined {
    const own = this.#changes.get(table)?.get(id);
    return own === undefined ? this.#versions.row(table, id, this.asOf) : own ?? undefined;
  }

  *rows(table: string): Generator<[StoredId, Row]> {
    const own = this.#changes.get(table);
    for (const entry of this.#versions.rows(table, this.asOf)) if (!own?.has(entry[0])) yield entry;
    for (const [id, row] of own ?? []) if (row) yield [id, row];
  }

  /** Whether this transaction has removed a row: its id is free, whatever is committed under it. */
  hasRemoved(table: string, id: StoredId): boolean {
    return this.#changes.get(table)?.get(id) === null;
  }

  /** Changes a row; null removes it. */
  put(table: string, id: StoredId, row: Row | null): void {
    let own = this.#changes.get(table);
    if (!own) {
      own = new Map<StoredId, Row | null>();
      this.#changes.set(table, own);
    }
    this.#log.push({ table, id, before: own.get(id) });
    own.set(id, row);
  }

  /** A point to return to. */
  get mark(): number {
    return this.#log.length;
  }

  /** The rows changed since a mark, with the columns that differ, null for those that came or went; some may come twice. */
  changedSince(mark: number): readonly (readonly [table: string, id: StoredId, columns: readonly string[] | null])[] {
    return this.#log.slice(mark).map(({ table, id, before }) => {
      const old = before === undefined ? this.#versions.row(table, id, this.asOf) : before;
      const now = this.row(table, id);
      return [table, id, old && now ? [...now.keys()].filter((column) => old.get(column) !== now.get(column)) : null];
    });
  }

  /** Takes back what changed since a mark. @returns the rows that are no longer changed at all */
  undoTo(mark: number): readonly (readonly [table: string, id: StoredId])[] {
    const freed: [string, StoredId][] = [];
    for (const { table, id, before } of this.#log.splice(mark).reverse()) {
      const own = this.#changes.get(table);
      if (before === undefined) {
        own?.delete(id);
        freed.push([table, id]);
      } else {
        own?.set(id, before);
      }
    }
    return freed;
  }

  /** All changes, each row once. */
  *changes(): Generator<readonly [table: string, id: StoredId, row: Row | null]> {
    for (const [table, own] of this.#changes) for (const [id, row] of own) yield [table, id, row];
  }
}
