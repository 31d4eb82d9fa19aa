import type { SharedEntry } from './entry-form';

/** So many keys, and so many beginnings of keys, have their tags remembered; beyond, it begins anew. */
const MOST_REMEMBERED = 2_000;
/** More are not asked along by guess: they would cost more than they spare. */
const MOST_GUESSED = 64;
const NONE: readonly string[] = [];

/**
 * Which tags entries probably have.
 *
 * Who reads a key does not know the tags of what he will find. They are mostly those it had when it was last seen, or those of the last one whose key begins alike: their marks
 * are asked for in the same round trip. What was guessed wrongly costs a second.
 */
export class TagGuesses {
  readonly #byKey = new Map<string, readonly string[]>();
  readonly #byBeginning = new Map<string, readonly string[]>();

  /** The tags that what is found under these keys will probably have. */
  guess(keys: readonly string[]): readonly string[] {
    if (this.#byBeginning.size === 0) return NONE;
    const guessed = new Set<string>();
    for (const key of keys) {
      if (guessed.size >= MOST_GUESSED) break;
      for (const tag of this.#byKey.get(key) ?? this.#byBeginning.get(beginningOf(key)) ?? NONE) guessed.add(tag);
    }
    return [...guessed];
  }

  /** What was found under a key. */
  note(key: string, { tags }: SharedEntry): void {
    if (tags.size === 0 && this.#byBeginning.size === 0) return;
    const known = tags.size === 0 ? NONE : [...tags.keys()];
    remember(this.#byKey, key, known);
    remember(this.#byBeginning, beginningOf(key), known);
  }
}

function beginningOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(':')));
}

function remember(all: Map<string, readonly string[]>, key: string, tags: readonly string[]): void {
  if (all.size >= MOST_REMEMBERED && !all.has(key)) all.clear();
  all.set(key, tags);
}
