import { MemoryBackend } from '../../src/backend/memory-backend';
import type { BackendEntry } from '../../src/backend/backend';

/** What a server has done beside answering. */
interface Mischief {
  lost: number;
  resurrected: number;
  confused: number;
  changed: number;
}

/**
 * A cache server that does what none should: it loses what it was given, answers with what was there long ago or stands elsewhere, and changes bytes.
 * Marks alone it answers truly, or nothing would be believed.
 */
export class UntrustedBackend extends MemoryBackend {
  readonly mischief: Mischief = { lost: 0, resurrected: 0, confused: 0, changed: 0 };
  readonly #history = new Map<string, Uint8Array[]>();
  #state: number;

  constructor(seed: number) {
    super();
    this.#state = (seed | 0) || 1;
  }

  override async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return (await super.getMany(keys)).map((value, at) => (isMark(keys[at] ?? '') ? value : this.#told(keys[at] ?? '', value)));
  }

  override async setMany(entries: readonly BackendEntry[]): Promise<void> {
    for (const { key, value } of entries) this.#note(key, value);
    await super.setMany(entries.filter(({ key }) => isMark(key) || this.#keeps()));
  }

  override async add(entry: BackendEntry): Promise<boolean> {
    this.#note(entry.key, entry.value);
    return isMark(entry.key) || this.#keeps() ? super.add(entry) : true;
  }

  override async replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    this.#note(entry.key, entry.value);
    return isMark(entry.key) || this.#keeps() ? super.replace(entry, expected) : true;
  }

  #told(key: string, value: Uint8Array | undefined): Uint8Array | undefined {
    const before = this.#history.get(key) ?? [];
    const what = this.#random(20);
    if (what < 8 && before.length > 0) {
      this.mischief.resurrected += 1;
      return before[this.#random(before.length)];
    }
    if (what === 8) {
      this.mischief.confused += 1;
      const all = [...this.#history.values()].flat();
      return all[this.#random(Math.max(1, all.length))];
    }
    if (what === 9 && value && value.length > 0) {
      this.mischief.changed += 1;
      const changed = Uint8Array.from(value);
      const at = this.#random(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 + this.#random(255));
      return changed;
    }
    return value;
  }

  /** A whole number below a bound. */
  #random(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }

  #keeps(): boolean {
    if (this.#random(10) > 0) return true;
    this.mischief.lost += 1;
    return false;
  }

  #note(key: string, value: Uint8Array): void {
    if (isMark(key)) return;
    const all = this.#history.get(key) ?? [];
    this.#history.set(key, [...all.slice(-10), Uint8Array.from(value)]);
  }
}

/** That of a cache, or of a tag. */
function isMark(key: string): boolean {
  return key.endsWith(':m') || key.includes(':t:');
}
