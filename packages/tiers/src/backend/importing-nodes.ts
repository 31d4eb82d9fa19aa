import { OutageError } from '@ormolu/kernel';
import type * as Driver from 'ioredis';
import { UnreachedError } from './unreached-error';

/** One that has owed its oldest answer for so long is not asked any more until it answers: those who ask for other keys, too, would wait for it. */
const SILENT_MS = 500;
/** One whose connection has ended is connected to again no sooner than so. */
const AGAIN_MS = 100;
/** For so long behind the end of a connection, nobody waits for the next. */
const TROUBLE_MS = 5_000;

/** It has nothing that may be asked for: there is no connection to it yet, or no answer. */
const NOT_NOW = new OutageError('TIER_UNAVAILABLE', 'Keys are on their way to a node that does not answer.');
/** It is there, and cannot serve. */
const NO_USE = /^(?:LOADING|CLUSTERDOWN|MASTERDOWN) /;

/**
 * Nodes of a Redis Cluster to which keys are on their way whose slots they do not have yet: they answer about one key at a time, to who says that he was sent.
 *
 * They have connections of their own. The driver counts such a node among those that have keys as long as it does not ask who has, and ends the connection when it does; in a pipeline, it sends
 * there what is elsewhere, too; and nobody hears of the failure of what it sends ahead, which ends a process.
 *
 * One that cannot be reached keeps nobody from the keys that are elsewhere.
 */
export class ImportingNodes {
  readonly #like: () => Driver.Redis | undefined;
  readonly #lost: () => void;
  readonly #nodes = new Map<string, ImportingNode>();

  /**
   * @param like - a node whose options are those of all
   * @param lost - told when a connection ends: behind the next one, there may be what was there long ago, which the runs of those who have slots do not tell
   */
  constructor(like: () => Driver.Redis | undefined, lost: () => void) {
    this.#like = like;
    this.#lost = lost;
  }

  /** Makes a call about a key there. @returns undefined while no other node is known @throws {UnreachedError} when it cannot be reached */
  ask<T>(address: string, key: string, call: (on: Driver.Redis) => Promise<T>): Promise<T> | undefined {
    return this.#nodeAt(address)?.ask(key, call);
  }

  /** Hears from now on when it is lost. */
  watch(address: string): void {
    this.#nodeAt(address)?.connect();
  }

  /** Those have slots now: the driver has connections to them. */
  leave(masters: ReadonlySet<string>): void {
    for (const [address, node] of this.#nodes) {
      if (!masters.has(address)) continue;
      this.#nodes.delete(address);
      node.leave();
    }
  }

  close(): void {
    const nodes = [...this.#nodes.values()];
    this.#nodes.clear();
    for (const node of nodes) node.close();
  }

  #nodeAt(address: string): ImportingNode | undefined {
    const known = this.#nodes.get(address);
    const like = known ? undefined : this.#like();
    if (known || !like) return known;
    const colon = address.lastIndexOf(':');
    const place = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
    // Calls that are made while it connects wait for that, which the driver bounds.
    const made = new ImportingNode(() => like.duplicate({ ...place, lazyConnect: false, enableOfflineQueue: true, retryStrategy: null }), this.#lost);
    this.#nodes.set(address, made);
    return made;
  }
}

/** One of them. */
class ImportingNode {
  readonly #open: () => Driver.Redis;
  readonly #lost: () => void;
  #connection: Driver.Redis | undefined;
  #endedMs = -Infinity;
  #owed = 0;
  /** Since when there was no answer, while any is owed. */
  #silentSinceMs = Infinity;

  constructor(open: () => Driver.Redis, lost: () => void) {
    this.#open = open;
    this.#lost = lost;
  }

  async ask<T>(key: string, call: (on: Driver.Redis) => Promise<T>): Promise<T> {
    const connection = this.connect();
    const nowMs = performance.now();
    const isLate = nowMs - this.#silentSinceMs >= SILENT_MS || (connection?.status !== 'ready' && nowMs - this.#endedMs < TROUBLE_MS);
    if (!connection || isLate) throw new UnreachedError([key], NOT_NOW);
    this.#owed += 1;
    if (this.#owed === 1) this.#silentSinceMs = nowMs;
    try {
      // When this fails, so does what follows it.
      void connection.asking().catch(() => undefined);
      return await call(connection);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ReplyError' || NO_USE.test(error.message)) throw new UnreachedError([key], error);
      throw error;
    } finally {
      this.#owed -= 1;
      this.#silentSinceMs = this.#owed === 0 ? Infinity : performance.now();
    }
  }

  /** @returns undefined where there is none, and it is too early for another */
  connect(): Driver.Redis | undefined {
    if (this.#connection || performance.now() - this.#endedMs < AGAIN_MS) return this.#connection;
    const connection = this.#open();
    let wasReady = false;
    connection.on('error', () => undefined).on('ready', () => {
      wasReady = true;
    }).on('end', () => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#endedMs = performance.now();
      if (wasReady) this.#lost();
    });
    return (this.#connection = connection);
  }

  /** Behind the answers to what was asked. */
  leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.quit().catch(() => undefined);
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.disconnect();
  }
}
