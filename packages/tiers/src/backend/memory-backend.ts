import { systemClock, type Clock } from '@ormolu/kernel';
import { keyPattern } from '../named-cache/key-pattern';
import type { Backend, BackendEntry, BackendLimits } from './backend';

interface Held {
  readonly value: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * A cache server in this process's memory, for tests and for programs whose caches share a level without a server.
 *
 * It is not bounded, and expired values go when they are asked for: a cache that is only local wants no second level.
 */
export class MemoryBackend implements Backend {
  readonly name = 'memory';
  readonly limits: BackendLimits = { keyBytes: Infinity, anyCharacter: true, valueBytes: Infinity, ttlGrainMs: 0 };
  readonly #held = new Map<string, Held>();
  readonly #clock: Clock;

  constructor({ clock = systemClock }: { readonly clock?: Clock | undefined } = {}) {
    this.#clock = clock;
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#peek(key)));
  }

  setMany(entries: readonly BackendEntry[]): Promise<void> {
    for (const entry of entries) this.#put(entry);
    return Promise.resolve();
  }

  add(entry: BackendEntry): Promise<boolean> {
    const isFree = this.#peek(entry.key) === undefined;
    if (isFree) this.#put(entry);
    return Promise.resolve(isFree);
  }

  replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    const there = this.#peek(entry.key);
    const isThatOne = there !== undefined && Buffer.compare(there, expected) === 0;
    if (isThatOne) this.#put(entry);
    return Promise.resolve(isThatOne);
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return Promise.resolve(keys.filter((key) => this.#peek(key) !== undefined && this.#held.delete(key)).length);
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    const value = this.#peek(key);
    if (value !== undefined) this.#put({ key, value, ttlMs });
    return Promise.resolve(value !== undefined);
  }

  deleteByPattern(pattern: string): Promise<number> {
    const fits = keyPattern(pattern);
    return this.deleteMany([...this.#held.keys()].filter(fits));
  }

  check(): Promise<string> {
    return Promise.resolve('');
  }

  onState(): () => void {
    return () => undefined;
  }

  close(): Promise<void> {
    this.#held.clear();
    return Promise.resolve();
  }

  #peek(key: string): Uint8Array | undefined {
    const held = this.#held.get(key);
    if (held === undefined || this.#clock.now() < held.expiresAtMs) return held?.value;
    this.#held.delete(key);
    return undefined;
  }

  #put({ key, value, ttlMs }: BackendEntry): void {
    // A copy: the caller may go on using its buffer.
    this.#held.set(key, { value: Uint8Array.from(value), expiresAtMs: ttlMs === 0 ? Infinity : this.#clock.now() + ttlMs });
  }
}
