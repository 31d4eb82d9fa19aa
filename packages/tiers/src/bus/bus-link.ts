import { randomUUID } from 'node:crypto';
import type { Bus } from './bus';
import { messageFromBytes, messageToBytes, type BusMessage } from './bus-message';

/** What a cache said and heard over its bus since it was made. */
export interface BusStats {
  readonly isUp: boolean;
  readonly sent: number;
  readonly received: number;
  /** Messages that were not ours, or not whole: all was forgotten then, to be on the safe side. */
  readonly unreadable: number;
  /** Times that the bus was lost. */
  readonly outages: number;
}

/** How a cache is bound to its bus. */
export interface BusLinkOptions {
  readonly bus: Bus;
  readonly channel: string;
  /** No caller waits longer for a message to be on its way. */
  readonly deadlineMs: number;
  /** What others say has changed. */
  readonly heard: (message: BusMessage) => void;
  /** Once for each change, and when the bus is heard for the first time. */
  readonly changed: (state: 'up' | 'away', how: { readonly isFirst: boolean; readonly cause: unknown }) => void;
}

/** So many keys go in one message. */
const MOST_KEYS = 500;
const RETRY_MS = 100;

/**
 * One cache's end of a bus. What could not be told is owed: as soon as it can, all others are told to forget everything, which is more than was
 * to be told, and never less.
 */
export class BusLink {
  readonly #options: BusLinkOptions;
  readonly #from = randomUUID();
  readonly #end: () => void;
  #state: 'new' | 'up' | 'away' | 'closed' = 'new';
  #owes = false;
  #retry: NodeJS.Timeout | undefined;
  #sent = 0;
  #received = 0;
  #unreadable = 0;
  #outages = 0;

  constructor(options: BusLinkOptions) {
    this.#options = options;
    this.#end = options.bus.subscribe(options.channel, { message: (bytes) => this.#heard(bytes), state: (state, cause) => this.#changed(state, cause) });
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  stats(): BusStats {
    return { isUp: this.isUp, sent: this.#sent, received: this.#received, unreadable: this.#unreadable, outages: this.#outages };
  }

  /** @returns when it is on its way, or has waited long enough. Never fails */
  async tellKeys(keys: readonly string[]): Promise<void> {
    const parts = Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, at) => keys.slice(at * MOST_KEYS, (at + 1) * MOST_KEYS));
    await Promise.all(parts.map((part) => this.tell({ kind: 'keys', keys: part })));
  }

  tell(message: BusMessage): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.deadlineMs);
      this.#send(message).then(undefined, () => this.#owe()).finally(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#retry);
    this.#end();
  }

  async #send(message: BusMessage): Promise<void> {
    await this.#options.bus.publish(this.#options.channel, messageToBytes(this.#from, message));
    this.#sent += 1;
  }

  #owe(): void {
    this.#owes = true;
    if (this.#state === 'closed' || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#pay();
    }, RETRY_MS).unref();
  }

  #pay(): void {
    if (!this.#owes || this.#state !== 'up') return;
    this.#owes = false;
    this.#send({ kind: 'all' }).catch(() => this.#owe());
  }

  #heard(bytes: Uint8Array): void {
    const message = messageFromBytes(bytes);
    if (message?.from === this.#from) return;
    if (message) this.#received += 1;
    else this.#unreadable += 1;
    this.#options.heard(message ?? { kind: 'all' });
  }

  #changed(state: 'up' | 'down', cause: unknown): void {
    const was = this.#state;
    if (was === 'closed') return;
    this.#state = state === 'up' ? 'up' : 'away';
    if (this.#state === was) return;
    if (this.#state === 'away') this.#outages += 1;
    this.#options.changed(this.#state, { isFirst: was === 'new', cause });
    this.#pay();
  }
}
