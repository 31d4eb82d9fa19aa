import { types } from 'node:util';
import type { CacheEvents } from './options';

/** What it returns is looked at: it may be a promise. */
type Listener<E extends keyof CacheEvents> = (event: CacheEvents[E]) => unknown;
type Listeners = { [E in keyof CacheEvents]?: Set<Listener<E>> };

/** Who wants to hear of a cache. Where nobody does, telling costs a look. */
export class CacheListeners {
  readonly #listeners: Listeners = {};
  /** Whether anybody ever wanted to hear of anything: hits look here and no further. */
  isHeard = false;

  /** @returns ends it */
  add<E extends keyof CacheEvents>(event: E, listener: Listener<E>): () => void {
    const all: Set<Listener<E>> = (this.#listeners[event] ??= new Set<Listener<E>>() as Listeners[E] & Set<Listener<E>>);
    all.add(listener);
    this.isHeard = true;
    return () => {
      all.delete(listener);
    };
  }

  /** @param make - makes the event; not called when nobody listens */
  tell<E extends keyof CacheEvents>(event: E, make: () => CacheEvents[E]): void {
    const all = this.#listeners[event];
    if (all === undefined || all.size === 0) return;
    const made = make();
    for (const listener of all) {
      // A listener's failure is not the cache's, and must not become that of whoever reads from it, nor of the process.
      const failed = (error: unknown): void => {
        process.emitWarning(`A listener to '${event}' of a cache threw: ${String(error)}`, { code: 'TIER_LISTENER' });
      };
      try {
        const told = listener(made);
        // One that is an async function fails later.
        if (types.isPromise(told)) told.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
