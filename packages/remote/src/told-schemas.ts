/** Schemas remembered of one connection, whatever they weigh. */
const MOST = 100;
/** What they weigh together, as bytes of the messages that they came with: a server takes several times that in memory, of each client. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * What has been told over a connection once and is then called by name. Both sides keep it by the same rule and at the same message, so that neither believes of the other what is not so: beyond what may be kept
 * both forget all of it, and what alone is heavier is told each time.
 */
export class ToldSchemas<T> {
  readonly #all = new Map<string, T>();
  #bytes = 0;

  has(name: string): boolean {
    return this.#all.has(name);
  }

  get(name: string): T | undefined {
    return this.#all.get(name);
  }

  /** @param bytes - of the message that it came with */
  keep(name: string, told: T, bytes: number): void {
    if (bytes > MOST_BYTES) return;
    if (this.#all.size >= MOST || this.#bytes + bytes > MOST_BYTES) {
      this.#all.clear();
      this.#bytes = 0;
    }
    this.#all.set(name, told);
    this.#bytes += bytes;
  }
}
