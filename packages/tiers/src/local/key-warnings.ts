/** Of so many keys it is remembered that they were warned of. */
const MOST_WARNINGS = 1_000;

/** Says once of each key that programs give to queries that different ones share it: wherever their answers are kept, each drives out the other's. */
export class KeyWarnings {
  readonly #warned = new Set<string>();

  warn(model: string, key = ''): void {
    const name = `${model} ${key}`;
    if (this.#warned.has(name) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(name);
    process.emitWarning(`Different queries of model '${model}' are kept under the cache key '${key}', or one under several companies or languages: each drives out the other's answer. Give each its own key, or none: then what is asked is the key.`, { code: 'TIER_CACHE_KEY' });
  }
}
