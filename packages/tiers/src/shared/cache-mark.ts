import type { Backend, BackendEntry } from '../backend/backend';
import type { GuardedBackend } from './guarded-backend';
import type { KeyNames } from './key-names';
import { markBytes, markUnder, newMark } from './marks';

/** The mark of a whole cache on its server, under which all its entries are written. */
export class CacheMark {
  readonly #store: GuardedBackend;
  readonly #key: string;
  /** Thousands may see at once that there is none. */
  #making: Promise<string> | undefined;
  #seen: { readonly bytes: Uint8Array; readonly run: string; readonly mark: string } | undefined;

  constructor(store: GuardedBackend, names: KeyNames) {
    this.#store = store;
    this.#key = names.mark;
  }

  /** It is seen with every question, and seldom another than before. @returns undefined for none, or one of another run of the server */
  seenIn(there: Uint8Array | undefined): string | undefined {
    const run = this.#run;
    const seen = this.#seen;
    if (there !== undefined && seen !== undefined && seen.run === run && Buffer.compare(there, seen.bytes) === 0) return seen.mark;
    const mark = markUnder(there, run);
    this.#seen = there && mark !== undefined ? { bytes: Uint8Array.from(there), run, mark } : undefined;
    return mark;
  }

  /** There is none that counts: of those who see that, in any process, one writes the next. */
  make(there: Uint8Array | undefined): Promise<string> {
    this.#making ??= this.#made(there).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #made(there: Uint8Array | undefined): Promise<string> {
    if (there !== undefined) {
      // Another process knows another run: one of the two has not heard what happened to the server. Did neither ask, they would take turns at making marks that the other does not believe.
      await this.#store.lookAgain();
      const theirs = markUnder(there, this.#run);
      if (theirs !== undefined) return theirs;
    }
    const mark = newMark();
    const entry = this.#entry(mark);
    if (await (there === undefined ? this.#store.add(entry) : this.#store.replace(entry, there))) return mark;
    const [now] = await this.#store.getMany([this.#key]);
    // Another process knows another run: its entries are not believed here, nor ours there, until whoever is behind has asked again.
    return markUnder(now ?? undefined, this.#run) ?? newMark();
  }

  /** All entries hold no more, in every process. */
  renew(): Promise<void> {
    return this.#store.setMany([this.#entry(newMark())]);
  }

  /** The same past the guards of a server, which is known to be in this run. */
  renewAt(raw: Backend, run: string): Promise<void> {
    return raw.setMany([this.#entry(newMark(), run)]);
  }

  /** That of the server, or of all nodes of a cluster together. */
  get #run(): string {
    return this.#store.run ?? '';
  }

  #entry(mark: string, run = this.#run): BackendEntry {
    return { key: this.#key, value: markBytes(mark, run), ttlMs: 0 };
  }
}
