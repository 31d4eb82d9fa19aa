import type { Id } from '@ormolu/kernel';
import type { UndoLog } from '../undo/undo-log';

/** Ids known not to be in the database, so that nobody asks for them again. */
export class Absent {
  readonly #ids = new Map<string, Set<Id>>();
  readonly #undo: UndoLog;
  /** Those that are being deleted just now. */
  #going: ReadonlyMap<string, ReadonlySet<Id>> = new Map();
  #version = 0;

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

  /** Grows with what is known to be missing. */
  get version(): number {
    return this.#version;
  }

  /** Ids that are on their way out: they may be read, but what is written to them would be lost. */
  expect(going: ReadonlyMap<string, ReadonlySet<Id>>): void {
    this.#going = going;
  }

  /** Whether a record is missing, or about to be. */
  isGoing(model: string, id: Id): boolean {
    return this.has(model, id) || this.#going.get(model)?.has(id) === true;
  }

  /** Whether nobody is, of some records of a model. */
  areStaying(model: string, ids: readonly Id[]): boolean {
    const gone = this.#ids.get(model);
    const going = this.#going.get(model);
    return (!gone || gone.size === 0 || !ids.some((id) => gone.has(id))) && !(going && ids.some((id) => going.has(id)));
  }

  add(model: string, ids: readonly Id[]): void {
    let known = this.#ids.get(model);
    if (!known) this.#ids.set(model, (known = new Set()));
    const all = known;
    const fresh = ids.filter((id) => !all.has(id));
    for (const id of fresh) all.add(id);
    if (fresh.length > 0) this.#version += 1;
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
