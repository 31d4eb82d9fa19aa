/** A write of a key, which is the one it was begun with. */
export interface OpenWrite {
  readonly tags: readonly string[];
}

/**
 * The writes of this process that are not all on their way to the server: those that wait for the marks of tags, or for their turn among many.
 *
 * Whoever writes or takes out a key later has it: what was to be written before is not written any more. So the server has in the end what was said last, and
 * nobody waits for anybody.
 */
export class OpenWrites {
  readonly #byKey = new Map<string, OpenWrite>();

  begin(key: string, write: OpenWrite): void {
    this.#byKey.set(key, write);
  }

  /** Whether nobody has written or taken out the key since. */
  has(key: string, write: OpenWrite): boolean {
    return this.#byKey.get(key) === write;
  }

  end(key: string, write: OpenWrite): void {
    if (this.#byKey.get(key) === write) this.#byKey.delete(key);
  }

  take(key: string): void {
    if (this.#byKey.size > 0) this.#byKey.delete(key);
  }

  /** @returns the keys that were to be written with the tag */
  takeTagged(tag: string): readonly string[] {
    const keys: string[] = [];
    for (const [key, { tags }] of this.#byKey) if (tags.includes(tag)) keys.push(key);
    for (const key of keys) this.#byKey.delete(key);
    return keys;
  }

  takeFitting(fits: (key: string) => boolean): void {
    for (const key of this.#byKey.keys()) if (fits(key)) this.#byKey.delete(key);
  }

  takeAll(): void {
    this.#byKey.clear();
  }
}
