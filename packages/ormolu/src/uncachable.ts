/** Tells, once a model, of those that no cache may keep, and what to do about it. */
export class UncachableWarnings {
  readonly #told = new Set<string>();
  #last: ReadonlyMap<string, string> | undefined;

  /** @param uncachable - model → why; `*`: all of them. As the storage's change log has it */
  tell(uncachable: ReadonlyMap<string, string> | undefined): void {
    if (!uncachable || uncachable === this.#last) return;
    this.#last = uncachable;
    const all = uncachable.get('*');
    for (const [model, reason] of all === undefined ? uncachable : [['*', all] as const]) {
      if (this.#told.has(model)) continue;
      this.#told.add(model);
      const what = model === '*' ? 'Nothing is kept in caches' : `Model '${model}' is not kept in caches`;
      process.emitWarning(`${what}, the database is asked each time: ${reason}.`, { code: 'DB_UNCACHABLE' });
    }
  }
}
