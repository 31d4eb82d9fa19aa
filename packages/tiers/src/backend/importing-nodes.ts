import type * as Driver from 'ioredis';

/**
 * Nodes of a Redis Cluster to which keys are on their way whose slots they do not have yet: they answer about one key at a time, to who says that he was sent.
 *
 * They have connections of their own. The driver counts such a node among those that have keys as long as it does not ask who has, and ends the connection when it does; in a pipeline, it sends
 * there what is elsewhere, too; and nobody hears of the failure of what it sends ahead, which ends a process.
 */
export class ImportingNodes {
  readonly #like: () => Driver.Redis | undefined;
  readonly #lost: () => void;
  readonly #nodes = new Map<string, Driver.Redis>();

  /**
   * @param like - a node whose options are those of all
   * @param lost - told when a connection ends: behind the next one, there may be what was there long ago
   */
  constructor(like: () => Driver.Redis | undefined, lost: () => void) {
    this.#like = like;
    this.#lost = lost;
  }

  /** Makes a call about one key there. @returns undefined while no other node is known */
  ask<T>(address: string, call: (on: Driver.Redis) => Promise<T>): Promise<T> | undefined {
    const node = this.#nodes.get(address) ?? this.#open(address);
    if (!node) return undefined;
    // When this fails, so does what follows it.
    void node.asking().catch(() => undefined);
    return call(node);
  }

  /** Those have slots now: the driver has connections to them. */
  leave(masters: ReadonlySet<string>): void {
    for (const [address, node] of this.#nodes) {
      if (!masters.has(address)) continue;
      this.#nodes.delete(address);
      // Behind the answers to what was asked.
      void node.quit().catch(() => undefined);
    }
  }

  close(): void {
    const nodes = [...this.#nodes.values()];
    this.#nodes.clear();
    for (const node of nodes) node.disconnect();
  }

  #open(address: string): Driver.Redis | undefined {
    const colon = address.lastIndexOf(':');
    // Calls that are made while it connects wait for that, which the driver bounds.
    const node = this.#like()?.duplicate({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), lazyConnect: false, enableOfflineQueue: true, retryStrategy: null });
    if (!node) return undefined;
    this.#nodes.set(address, node);
    node.on('error', () => undefined).on('end', () => {
      if (this.#nodes.get(address) !== node) return;
      this.#nodes.delete(address);
      this.#lost();
    });
    return node;
  }
}
