import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { StoredId, TableSchema } from '@ormolu/kernel';

/** A write as it is done again: plain data, with the ids that were given. */
export type Change =
  | { readonly kind: 'insert'; readonly model: string; readonly ids: readonly StoredId[]; readonly fields: readonly string[]; readonly columns: readonly (readonly unknown[])[] }
  | { readonly kind: 'update'; readonly model: string; readonly ids: readonly StoredId[]; readonly fields: readonly string[]; readonly columns: readonly (readonly unknown[])[] }
  | { readonly kind: 'delete'; readonly model: string; readonly ids: readonly StoredId[] };

/** A line of the journal: a commit, or a migration and what it filled in. */
export interface Entry {
  readonly migration?: { readonly tables: readonly TableSchema[]; readonly discard: readonly string[] | undefined } | undefined;
  readonly changes: readonly Change[];
}

/** A file to which every commit is added before it is acknowledged. */
export class Journal {
  readonly #file: string;
  readonly #descriptor: number;

  constructor(file: string) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a');
  }

  /** What was written before; a last line cut off by a crash was never acknowledged. */
  static entriesOf(file: string): readonly Entry[] {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => deserialize(Buffer.from(line, 'base64')) as Entry); // as `add` wrote it
  }

  /** Returns when the entry is on the disk. */
  add(entry: Entry): void {
    // Node's own serialisation keeps dates, bytes and bigints apart, which JSON does not.
    writeSync(this.#descriptor, `${serialize(entry).toString('base64')}\n`);
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  toString(): string {
    return this.#file;
  }
}
