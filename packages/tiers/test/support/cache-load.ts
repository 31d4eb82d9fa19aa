import { setTimeout as sleep } from 'node:timers/promises';
import type { NamedCache } from '../../src/named-cache/named-cache';

/** What went wrong. Nothing should. */
export interface Wrongs {
  readonly errors: string[];
  /** Calls that took longer than anything may. */
  slow: number;
  /** Answers older than what had been changed, and told to the cache, before they were asked for. */
  stale: number;
  reads: number;
  writes: number;
}

const LONGEST_MS = 1_500;

/** A database in which every key has a version, with one cache that is told of changes and others that are asked. */
export class CacheLoad {
  readonly wrongs: Wrongs = { errors: [], slow: 0, stale: 0, reads: 0, writes: 0 };
  readonly #truth = new Map<string, number>();
  /** The versions whose change the cache has been told of, and has said that it is done. */
  readonly #told = new Map<string, number>();
  readonly #keys: readonly string[];
  readonly #filler: string;
  #isOver = false;
  /** Whether an old answer is a wrong one, now. */
  isJudged = true;
  isWriting = true;

  constructor({ keys, bytes = 100 }: { readonly keys: number; readonly bytes?: number }) {
    this.#keys = Array.from({ length: keys }, (_, at) => `key:${String(at)}`);
    this.#filler = 'x'.repeat(bytes);
    for (const key of this.#keys) this.#truth.set(key, 0);
  }

  /** Changes and reads until it is over. */
  async run({ writer, readers }: { readonly writer: NamedCache; readonly readers: readonly NamedCache[] }): Promise<void> {
    await Promise.all([this.#write(writer), ...readers.flatMap((reader) => [this.#read(reader), this.#read(reader)])]);
  }

  end(): void {
    this.#isOver = true;
  }

  /** Reads every key once. */
  async readAll(cache: NamedCache): Promise<void> {
    for (const key of this.#keys) await this.#readOne(cache, key);
  }

  async #write(cache: NamedCache): Promise<void> {
    for (let turn = 0; !this.#isOver; turn += 1) {
      await sleep(2);
      if (!this.isWriting) continue;
      const key = this.#anyKey();
      const version = (this.#truth.get(key) ?? 0) + 1;
      this.#truth.set(key, version);
      this.wrongs.writes += 1;
      await this.#timed<unknown>(turn % 2 === 0 ? cache.delete(key) : cache.set(key, { version, filler: this.#filler }));
      this.#told.set(key, version);
    }
  }

  async #read(cache: NamedCache): Promise<void> {
    while (!this.#isOver) {
      await this.#readOne(cache, this.#anyKey());
      await sleep(1);
    }
  }

  async #readOne(cache: NamedCache, key: string): Promise<void> {
    const told = this.#told.get(key) ?? 0;
    this.wrongs.reads += 1;
    const isJudged = this.isJudged;
    const answer = await this.#timed(cache.getOrSet(key, async () => {
      const version = this.#truth.get(key) ?? 0;
      await sleep(1);
      return { version, filler: this.#filler };
    }));
    if (isJudged && answer && answer.version < told) this.wrongs.stale += 1;
  }

  async #timed<T>(call: Promise<T>): Promise<T | undefined> {
    const began = performance.now();
    try {
      return await call;
    } catch (error) {
      this.wrongs.errors.push(String(error));
      return undefined;
    } finally {
      if (performance.now() - began > LONGEST_MS) this.wrongs.slow += 1;
    }
  }

  #anyKey(): string {
    return this.#keys[Math.floor(Math.random() * this.#keys.length)] ?? '';
  }
}
