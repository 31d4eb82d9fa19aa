import { OutageError } from '@ormolu/kernel';
import type * as Driver from 'ioredis';
import { randomUUID } from 'node:crypto';
import { heedfulConnector } from '../backend/heedful-connector';
import { loadPackage } from '../backend/load-package';
import { checkConnection, driverUrl, notConnected, type RedisConnection } from '../backend/redis-connection';
import { whenRead } from '../backend/when-read';
import type { Bus, BusListener } from './bus';

/** One to listen, one to speak: a connection that listens can do nothing else. */
interface Pair {
  readonly subscriber: Driver.Redis;
  readonly publisher: Driver.Redis;
  isUp: boolean;
  readonly madeMs: number;
  /** The channel it listens to for its own beats, once it does. */
  beat: string | undefined;
  /** When a beat was sent that has not come back. */
  beatMs: number | undefined;
}

type RedisOptions = Driver.RedisOptions & { replyMapping: 'legacy' };

const BEAT_MS = 500;
const SILENCE_MS = 1_000;
const UNREADY_MS = 5_000;
const RECONNECT_MS = 100;
const AWAY = new OutageError('TIER_UNAVAILABLE', 'The bus is not connected. What was to be told is told when it is.');

/**
 * Redis' publish and subscribe as a bus.
 *
 * Redis keeps no messages: what is published while a listener is not connected never reaches it. So every loss of the connection is told, at once when it is
 * closed; and where nothing is said any more, a message to ourselves that does not come back tells.
 * @see https://redis.io/docs/latest/develop/pubsub/
 */
export class RedisBus implements Bus {
  readonly name = 'redis';
  readonly #driver: typeof Driver;
  readonly #nodes: readonly RedisOptions[];
  readonly #url: string | undefined;
  /** Behind the name of the first channel that is listened to: who may use that may use this. Nobody needs it before. */
  #beat: string | undefined;
  readonly #listeners = new Map<string, Set<BusListener>>();
  readonly #beats: NodeJS.Timeout;
  #pair: Pair | undefined;
  #turn = 0;
  #isClosed = false;
  #reconnect: NodeJS.Timeout | undefined;

  /** @throws {MisuseError} TIER_PACKAGE_MISSING; TIER_REDIS_OPTION */
  constructor(connection: RedisConnection) {
    checkConnection('redisBus', connection);
    const { url, cluster, ...options } = connection;
    this.#driver = loadPackage('ioredis', 'redisBus()') as typeof Driver;
    this.#url = url === undefined ? undefined : driverUrl(url);
    const impatient = { connectTimeout: 2_000, keepAlive: 5_000, maxRetriesPerRequest: 0, ...options, Connector: heedfulConnector(this.#driver, options), enableOfflineQueue: false, lazyConnect: true, autoResubscribe: false, retryStrategy: () => null, sentinelRetryStrategy: () => null, replyMapping: 'legacy' } as RedisOptions; // ours go through as ioredis names them
    // Any node of a cluster passes messages on to all others.
    this.#nodes = cluster ? cluster.map((node) => ({ ...impatient, ...node })) : [impatient];
    this.#beats = setInterval(() => this.#sendBeat(), BEAT_MS).unref();
    void this.#connect();
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    const pair = this.#pair;
    if (pair?.isUp !== true) throw AWAY;
    await pair.publisher.publish(channel, Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  }

  subscribe(channel: string, listener: BusListener): () => void {
    const all = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, all.add(listener));
    const beat = (this.#beat ??= `${channel}:beat:${randomUUID()}`);
    const pair = this.#pair;
    if (pair?.isUp === true) {
      pair.subscriber.subscribe(channel, beat).then(() => {
        pair.beat = beat;
        if (this.#pair === pair && all.has(listener)) listener.state('up');
      }, (error: unknown) => this.#lost(pair, error));
    }
    return () => {
      all.delete(listener);
      if (all.size > 0) return;
      this.#listeners.delete(channel);
      if (this.#pair?.isUp === true) this.#pair.subscriber.unsubscribe(channel).catch(() => undefined);
    };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#beats);
    clearTimeout(this.#reconnect);
    this.#listeners.clear();
    const pair = this.#pair;
    this.#pair = undefined;
    pair?.subscriber.disconnect();
    pair?.publisher.disconnect();
    return Promise.resolve();
  }

  async #connect(): Promise<void> {
    const options = this.#nodes[this.#turn++ % this.#nodes.length] as RedisOptions; // there is one
    const made = (): Driver.Redis => (this.#url === undefined ? new this.#driver.Redis(options) : new this.#driver.Redis(this.#url, options));
    const pair: Pair = { subscriber: made(), publisher: made(), isUp: false, madeMs: performance.now(), beat: undefined, beatMs: undefined };
    this.#pair = pair;
    // Behind every failure, the connection is closed.
    let problem: unknown;
    for (const client of [pair.subscriber, pair.publisher]) {
      client.on('error', (error: unknown) => {
        problem = error;
      }).on('close', () => this.#lost(pair, problem));
    }
    pair.subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#heard(pair, channel.toString(), message));
    try {
      await Promise.all([pair.subscriber.connect(), pair.publisher.connect()]);
      const channels = this.#channels();
      if (channels.length > 0) await pair.subscriber.subscribe(...channels);
      // Those that came meanwhile.
      const late = this.#channels().filter((channel) => !channels.includes(channel));
      if (late.length > 0) await pair.subscriber.subscribe(...late);
      if (this.#pair !== pair) return;
      pair.isUp = true;
      pair.beat = this.#beat;
      this.#tell('up');
    } catch (error) {
      this.#lost(pair, problem ?? error);
    }
  }

  #channels(): readonly string[] {
    return [...(this.#beat === undefined ? [] : [this.#beat]), ...this.#listeners.keys()];
  }

  #heard(pair: Pair, channel: string, message: Uint8Array): void {
    if (channel === pair.beat) pair.beatMs = undefined;
    else for (const listener of this.#listeners.get(channel) ?? []) listener.message(message);
  }

  /** Only the first of several that say so counts. */
  #lost(pair: Pair, cause?: unknown): void {
    if (this.#pair !== pair || this.#isClosed) return;
    this.#pair = undefined;
    pair.subscriber.disconnect();
    pair.publisher.disconnect();
    this.#tell('down', cause === undefined ? AWAY : notConnected(cause));
    this.#reconnect = setTimeout(() => void this.#connect(), RECONNECT_MS);
    this.#reconnect.unref();
  }

  #sendBeat(): void {
    const pair = this.#pair;
    // One that takes a connection and then says nothing is given up, too.
    if (pair?.isUp === false && performance.now() - pair.madeMs > UNREADY_MS) {
      whenRead(() => {
        if (!pair.isUp) this.#lost(pair);
      });
    }
    if (pair?.isUp !== true || pair.beat === undefined) return;
    if (pair.beatMs === undefined) {
      pair.beatMs = performance.now();
      pair.publisher.publish(pair.beat, '').catch((error: unknown) => this.#lost(pair, error));
      return;
    }
    const { beatMs } = pair;
    if (performance.now() - beatMs < SILENCE_MS) return;
    // When this process itself was busy, the beat may lie there unread.
    whenRead(() => {
      if (pair.beatMs === beatMs) this.#lost(pair);
    });
  }

  #tell(state: 'up' | 'down', cause?: unknown): void {
    for (const all of this.#listeners.values()) for (const listener of all) listener.state(state, cause);
  }
}
