import type { Backend } from '../backend/backend';
import type { SharedEntry } from './entry-form';
import type { KeyNames } from './key-names';
import { newMark } from './marks';

const TAG_TTL_MS = 30 * 86_400_000;
/** So many keys, and so many beginnings of keys, have their tags remembered; beyond, it begins anew. */
const MOST_REMEMBERED = 2_000;
/** More are not asked along by guess: they would cost more than they spare. */
const MOST_GUESSED = 64;
const NONE: readonly string[] = [];

/**
 * The marks of tags on a cache server: an entry holds as long as each of its tags has the mark it had.
 *
 * Who reads a key does not know the tags of what he will find. They are mostly those it had when it was last seen, or those of the last one whose key begins alike: their marks
 * are asked for in the same round trip. What was guessed wrongly costs a second.
 */
export class TagMarks {
  readonly #store: Backend;
  readonly #names: KeyNames;
  readonly #byKey = new Map<string, readonly string[]>();
  readonly #byBeginning = new Map<string, readonly string[]>();

  constructor(store: Backend, names: KeyNames) {
    this.#store = store;
    this.#names = names;
  }

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

  /** What there is of them; tags without a mark are left out. @remarks One round trip. */
  async read(tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (tags.length === 0) return new Map();
    const there = await this.#store.getMany(tags.map((tag) => this.#names.ofTag(tag)));
    return new Map(tags.flatMap((tag, place) => {
      const mark = textOf(there[place]);
      return mark === undefined ? [] : [[tag, mark] as const];
    }));
  }

  /** There is none: of those who see that, one writes it. */
  async make(tag: string): Promise<string> {
    const mark = newMark();
    const key = this.#names.ofTag(tag);
    if (await this.#store.add({ key, value: Buffer.from(mark, 'latin1'), ttlMs: TAG_TTL_MS })) return mark;
    const [now] = await this.#store.getMany([key]);
    return textOf(now) ?? newMark();
  }

  /** All that has the tag holds no more, in every process. */
  renew(tag: string): Promise<void> {
    return this.#store.setMany([{ key: this.#names.ofTag(tag), value: Buffer.from(newMark(), 'latin1'), ttlMs: TAG_TTL_MS }]);
  }
}

/** A mark as it lies there. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('latin1');
}

function beginningOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(':')));
}

function remember(all: Map<string, readonly string[]>, key: string, tags: readonly string[]): void {
  if (all.size >= MOST_REMEMBERED && !all.has(key)) all.clear();
  all.set(key, tags);
}
