import { VERSION_FIELD, type Columns, type ReadQuestion, type StoredId, type VersionConflict } from '@ormolu/kernel';
import type { UndoLog } from '../undo/undo-log';

/** As read; or `own`, of a record that this transaction has changed: nobody else can change it before the end. */
type Known = bigint | 'own';

/**
 * The record versions that an optimistic transaction has read, which its updates and deletes demand.
 *
 * Of versions read one after the other the first counts: what is in memory may be as old as that.
 */
export class Versions {
  #known = new Map<string, Map<StoredId, Known>>();
  /** What statements were sent with; no rollback takes it back. */
  readonly #demanded = new Map<string, Map<StoredId, bigint>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Remembers versions that came with values. @param undoable - whether a rollback must take them out again */
  note(model: string, ids: readonly StoredId[], versions: readonly bigint[], undoable: boolean): void {
    const known = this.#of(model);
    const fresh = ids.filter((id) => !known.has(id));
    if (fresh.length === 0) return;
    for (const [place, id] of ids.entries()) {
      const version = versions[place];
      if (version !== undefined && !known.has(id)) known.set(id, version);
    }
    if (undoable) this.#undo.push(() => {
      for (const id of fresh) known.delete(id);
    });
  }

  /** The versions that a statement is to demand; undefined when it may meet any. */
  demand(model: string, ids: readonly StoredId[]): readonly (bigint | null)[] | undefined {
    const known = this.#known.get(model);
    if (!known) return undefined;
    const expected = ids.map((id) => {
      const version = known.get(id);
      return version === undefined || version === 'own' ? null : version;
    });
    if (expected.every((version) => version === null)) return undefined;
    let demanded = this.#demanded.get(model);
    if (!demanded) this.#demanded.set(model, (demanded = new Map<StoredId, bigint>()));
    for (const [place, id] of ids.entries()) {
      const version = expected[place];
      if (version !== null && version !== undefined && !demanded.has(id)) demanded.set(id, version);
    }
    return expected;
  }

  /** These records have been changed by this transaction: whichever version they have now is its own. */
  own(model: string, ids: readonly StoredId[]): void {
    this.#put(model, ids, 'own');
  }

  /** Memory forgets these records; which version they have is read anew with them. */
  forget(model: string, ids: readonly StoredId[]): void {
    this.#put(model, ids, undefined);
  }

  clear(): void {
    const before = this.#known;
    this.#known = new Map();
    this.#undo.push(() => {
      this.#known = before;
    });
  }

  /**
   * The records that statements demanded a version of, and which have another.
   *
   * @param read - asks the database as it is now
   * @remarks One statement a model.
   */
  async modified(read: (question: ReadQuestion) => Promise<Columns>): Promise<readonly VersionConflict[]> {
    const conflicts: VersionConflict[] = [];
    for (const [model, demanded] of this.#demanded) {
      const answer = await read({ model, ids: [...demanded.keys()], fields: [VERSION_FIELD] });
      const [versions = []] = answer.columns;
      const found = new Map(answer.ids.map((id, place) => [id, versions[place] as bigint])); // the one column asked for
      for (const [id, expected] of demanded) if (found.get(id) !== expected) conflicts.push({ model, id, expected, found: found.get(id) ?? null });
    }
    return conflicts;
  }

  #of(model: string): Map<StoredId, Known> {
    let known = this.#known.get(model);
    if (!known) this.#known.set(model, (known = new Map<StoredId, Known>()));
    return known;
  }

  #put(model: string, ids: readonly StoredId[], version: Known | undefined): void {
    const known = this.#of(model);
    const before = ids.map((id) => [id, known.get(id)] as const);
    for (const id of ids) set(known, id, version);
    this.#undo.push(() => {
      for (const [id, version] of before) set(known, id, version);
    });
  }
}

function set(known: Map<StoredId, Known>, id: StoredId, version: Known | undefined): void {
  if (version === undefined) known.delete(id);
  else known.set(id, version);
}
