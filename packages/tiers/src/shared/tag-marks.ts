import type { Backend } from '../backend/backend';
import type { KeyNames } from './key-names';
import { newMark } from './marks';
import { eachInParts } from './parts';

const TAG_TTL_MS = 30 * 86_400_000;

/**
 * The marks of tags on a cache server: an entry holds as long as each of its tags has the mark it had.
 */
export class TagMarks {
  readonly #store: Backend;
  readonly #names: KeyNames;
  readonly #making = new Map<string, Promise<string>>();

  constructor(store: Backend, names: KeyNames) {
    this.#store = store;
    this.#names = names;
  }

  /** What there is of them; tags without a mark are left out. @remarks One round trip. */
  async read(tags: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (tags.length === 0) return new Map();
    return this.within(await this.#store.getMany(tags.map((tag) => this.#names.ofTag(tag))), tags, false);
  }

  /**
   * What there is of them in an answer, in their order.
   *
   * @param makes - those that have none get one, else they are left out
   * @remarks All that are made are made side by side, in two round trips at most.
   */
  async within(there: readonly (Uint8Array | undefined | null)[], tags: readonly string[], makes: boolean): Promise<ReadonlyMap<string, string>> {
    const marks = await eachInParts([...tags.keys()], async (place): Promise<readonly (readonly [string, string])[]> => {
      const tag = tags[place] ?? '';
      const mark = textOf(there[place]) ?? (makes ? await this.make(tag) : undefined);
      return mark === undefined ? [] : [[tag, mark]];
    });
    return new Map(marks.flat());
  }

  /** There is none: of those who see that, in any process, one writes it. */
  make(tag: string): Promise<string> {
    const known = this.#making.get(tag);
    if (known) return known;
    const made = this.#made(tag).finally(() => this.#making.delete(tag));
    this.#making.set(tag, made);
    return made;
  }

  async #made(tag: string): Promise<string> {
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
export function textOf(bytes: Uint8Array | undefined | null): string | undefined {
  return bytes ? Buffer.from(bytes).toString('latin1') : undefined;
}
