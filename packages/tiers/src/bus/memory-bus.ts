import { OutageError } from '@ormolu/kernel';
import type { Bus, BusListener } from './bus';

/** A bus within one process, for tests, and for several databases of one program. */
export class MemoryBus implements Bus {
  readonly name = 'memory';
  readonly #listeners = new Map<string, Set<BusListener>>();
  #isOpen = true;

  /** Arrives before the promise is kept. */
  publish(channel: string, message: Uint8Array): Promise<void> {
    if (!this.#isOpen) return Promise.reject(new OutageError('TIER_UNAVAILABLE', 'The bus is closed.'));
    // A copy: the caller may go on using its buffer.
    const bytes = Uint8Array.from(message);
    return Promise.resolve().then(() => {
      for (const listener of this.#listeners.get(channel) ?? []) listener.message(bytes);
    });
  }

  subscribe(channel: string, listener: BusListener): () => void {
    const all = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, all.add(listener));
    queueMicrotask(() => {
      if (all.has(listener)) listener.state('up');
    });
    return () => {
      all.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#isOpen = false;
    this.#listeners.clear();
    return Promise.resolve();
  }
}
