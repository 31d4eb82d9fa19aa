import type { StoredId } from '@ormolu/kernel';

/** A row as stored: column name → normal value. Never changed once it is stored. */
export type Row = ReadonlyMap<string, unknown>;

/** A row's content from one commit on; null: it was removed then. */
interface Version {
  readonly since: number;
  readonly row: Row | null;
}

/**
 * What was committed, and when: every row with the versions that some reader may still want, the newest last.
 *
 * A commit is a number; who reads as of a number sees the newest versions not younger than it.
 */
export class Versions {
  readonly #tables = new Map<string, Map<StoredId, Version[]>>();
  readonly #changed = new Map<string, number>();
  #now = 0;

  /** The newest commit. */
  get now(): number {
    return this.#now;
  }

  /** The row as of a commit. */
  row(table: string, id: StoredId, asOf: number): Row | undefined {
    return at(this.#tables.get(table)?.get(id), asOf) ?? undefined;
  }

  /** All rows of a table as of a commit, in no order. */
  *rows(table: string, asOf: number): Generator<[StoredId, Row]> {
    for (const [id, versions] of this.#tables.get(table) ?? []) {
      const row = at(versions, asOf);
      if (row) yield [id, row];
    }
  }

  /** The commit that changed a row last; 0 when there was none. */
  changedAt(table: string, id: StoredId): number {
    return this.#tables.get(table)?.get(id)?.at(-1)?.since ?? 0;
  }

  /** The commit that changed a table last. */
  tableChangedAt(table: string): number {
    return this.#changed.get(table) ?? 0;
  }

  /**
   * Makes changes true, all at once.
   * @param oldestReader - the earliest commit that somebody still reads as of
   */
  commit(changes: Iterable<readonly [table: string, id: StoredId, row: Row | null]>, oldestReader: number): void {
    this.#now += 1;
    for (const [name, id, row] of changes) {
      let table = this.#tables.get(name);
      if (!table) {
        table = new Map<StoredId, Version[]>();
        this.#tables.set(name, table);
      }
      const versions = (table.get(id) ?? []).filter((version, n, all) => (all[n + 1]?.since ?? this.#now) > oldestReader || version.since > oldestReader);
      versions.push({ since: this.#now, row });
      if (row === null && versions.length === 1) table.delete(id);
      else table.set(id, versions);
      this.#changed.set(name, this.#now);
    }
  }
}

function at(versions: readonly Version[] | undefined, asOf: number): Row | null | undefined {
  if (!versions) return undefined;
  for (let n = versions.length - 1; n >= 0; n--) {
    const version = versions[n];
    if (version && version.since <= asOf) return version.row;
  }
  return undefined;
}
