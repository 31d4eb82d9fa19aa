import type { UndoLog } from './undo-log';

/**
 * A map whose changes can be taken back.
 *
 * Its values are restored as they are: put a new value in, `data.set('ids', [...ids, id])`, instead of changing one that is in.
 */
export class HookData extends Map<string, unknown> {
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    super();
    this.#undo = undo;
  }

  override set(key: string, value: unknown): this {
    const had = this.has(key);
    const before = this.get(key);
    this.#undo.push(() => {
      if (had) super.set(key, before);
      else super.delete(key);
    });
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    if (!this.has(key)) return false;
    this.#takeBack([...this]);
    return super.delete(key);
  }

  override clear(): void {
    if (this.size > 0) this.#takeBack([...this]);
    super.clear();
  }

  /** Keys come back in the order they had. */
  #takeBack(before: readonly [string, unknown][]): void {
    this.#undo.push(() => {
      super.clear();
      for (const [key, value] of before) super.set(key, value);
    });
  }
}
