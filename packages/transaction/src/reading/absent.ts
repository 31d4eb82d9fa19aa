import type { Id } from '@ormolu/kernel';
import type { UndoLog } from '../undo/undo-log';

/** Ids known not to be in the database, so that nobody asks for them again. */
export class Absent {
  readonly #ids = new Map<string, Set<Id>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  has(model: string, id: Id): boolean {
    return this.#ids.get(model)?.has(id) ?? false;
  }

  /** Those of some ids that are not known to be missing. */
  present(model: string, ids: readonly Id[]): readonly Id[] {
    const known = this.#ids.get(model);
    return known && known.size > 0 ? ids.filter((id) => !known.has(id)) : ids;
  }

  add(model: string, ids: readonly Id[]): void {
    let known = this.#ids.get(model);
    if (!known) this.#ids.set(model, (known = new Set()));
    const all = known;
    const fresh = ids.filter((id) => !all.has(id));
    for (const id of fresh) all.add(id);
    this.#undo.push(() => {
      for (const id of fresh) all.delete(id);
    });
  }

  /** Records that exist now after all. */
  remove(model: string, ids: readonly Id[]): void {
    const known = this.#ids.get(model);
    const gone = known ? ids.filter((id) => known.delete(id)) : [];
    if (gone.length > 0) this.#undo.push(() => {
      for (const id of gone) known?.add(id);
    });
  }

  clear(): void {
    const before = [...this.#ids];
    this.#ids.clear();
    this.#undo.push(() => {
      for (const [model, ids] of before) this.#ids.set(model, ids);
    });
  }
}
