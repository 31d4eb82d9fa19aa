import type { Backend, BackendEntry, BackendLimits, BackendState } from '../backend';
import { MetaConnection, type MetaAddress, type MetaReply } from './meta-connection';

/** From 30 days on, Memcached takes a lifetime for a moment of the calendar. */
const LONGEST_SPAN_S = 60 * 60 * 24 * 30;
/** An item as large as its slab holds its own head, too. */
const HEAD_BYTES = 512;

/** One Memcached 1.6 or newer. */
export class MemcachedServer implements Backend {
  readonly name = 'memcached';
  readonly limits: BackendLimits;
  readonly #connection: MetaConnection;
  readonly #listeners = new Set<(state: BackendState, cause?: unknown) => void>();

  constructor(address: MetaAddress, { maxItemBytes }: { readonly maxItemBytes: number }) {
    this.limits = { keyBytes: 250, anyCharacter: false, valueBytes: maxItemBytes - HEAD_BYTES, ttlGrainMs: 2_000 };
    this.#connection = new MetaConnection(address, (isUp, cause) => {
      for (const listener of this.#listeners) listener(isUp ? 'up' : 'down', cause);
    });
  }

  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const replies = await this.#connection.requestMany(keys.map((key) => `mg ${key} v\r\n`));
    return replies.map(({ value }) => value);
  }

  async setMany(entries: readonly BackendEntry[]): Promise<void> {
    await Promise.all(entries.map((entry) => this.#store(entry, '')));
  }

  async add(entry: BackendEntry): Promise<boolean> {
    return (await this.#store(entry, ' ME')).status === 'HD';
  }

  /** @remarks Two round trips; the second writes only what nobody has written since the first. */
  async replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    const { value, flags } = await this.#connection.request(`mg ${entry.key} v c\r\n`);
    const unique = /c(\d+)/.exec(flags)?.[1];
    if (value === undefined || unique === undefined || Buffer.compare(value, expected) !== 0) return false;
    return (await this.#store(entry, ` C${unique}`)).status === 'HD';
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const replies = await this.#connection.requestMany(keys.map((key) => `md ${key}\r\n`));
    return replies.filter(({ status }) => status === 'HD').length;
  }

  async touch(key: string, ttlMs: number): Promise<boolean> {
    return (await this.#connection.request(`mg ${key} T${seconds(ttlMs)}\r\n`)).status === 'HD';
  }

  async check(): Promise<string> {
    await this.#connection.request('mn\r\n');
    // It comes back empty when it comes back, so that nothing old can be in it.
    return '';
  }

  onState(listener: (state: BackendState, cause?: unknown) => void): () => void {
    this.#listeners.add(listener);
    if (this.#connection.isUp) listener('up');
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  #store({ key, value, ttlMs }: BackendEntry, flags: string): Promise<MetaReply> {
    return this.#connection.request(`ms ${key} ${String(value.byteLength)} T${seconds(ttlMs)}${flags}\r\n`, value);
  }
}

/** Its clock ticks once a second, and a span may begin just before a tick: one second more, so that nothing goes too early. */
function seconds(ttlMs: number): string {
  if (ttlMs === 0) return '0';
  const span = Math.ceil(ttlMs / 1_000) + 1;
  return String(span < LONGEST_SPAN_S ? span : Math.ceil(Date.now() / 1_000) + span);
}
