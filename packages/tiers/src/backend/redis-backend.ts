import { MisuseError, OutageError } from '@ormolu/kernel';
import type * as Driver from 'ioredis';
import type { Backend, BackendEntry, BackendLimits, BackendState, BackendStep } from './backend';
import { ClusterCalls, runOf, type RoutedCall } from './cluster-calls';
import { heedfulConnector } from './heedful-connector';
import { loadPackage } from './load-package';
import { checkConnection, driverUrl, notConnected, type RedisConnection } from './redis-connection';
import { doneToAll, reached } from './unreached-error';
import { whenRead } from './when-read';

/** What we ask of ioredis, which by itself keeps calls waiting for as long as there is no server: a cache would rather miss. */
const IMPATIENT = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  connectTimeout: 2_000,
  keepAlive: 5_000,
  retryStrategy: (times: number): number => Math.min(20 + 30 * times, 200),
} as const;

/** In one step on the server: nobody can write between the comparison and the write. */
const REPLACE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`;

/** A connection that has owed an answer for so long is given up: the far end may be gone without a word. */
const SILENT_MS = 5_000;
const KEYS_A_SCAN = 1_000;
/** Of a key or a value: 512 MiB. */
const LONGEST = 512 * 1024 * 1024 - 1;

/** Redis or Valkey: one server, the master that Sentinels name, or a Cluster. One connection, on which calls are pipelined, unless it is told to make more. */
export class RedisBackend implements Backend {
  readonly name = 'redis';
  readonly limits: BackendLimits = { keyBytes: LONGEST, anyCharacter: true, valueBytes: LONGEST, ttlGrainMs: 1 };
  readonly #client: Driver.Redis | Driver.Cluster;
  readonly #cluster: Driver.Cluster | undefined;
  readonly #calls: ClusterCalls | undefined;
  /** The client and, with `maxConnections`, others through which only reads go: what is written keeps its order. */
  readonly #readers: readonly (Driver.Redis | Driver.Cluster)[];
  readonly #listeners = new Set<(state: BackendState, cause?: unknown) => void>();
  #turn = 0;
  /** Why there was no connection the last time. */
  #problem: unknown;
  /** Since when the oldest check is unanswered. */
  #owedSinceMs: number | undefined;

  /**
   * @throws {MisuseError} TIER_PACKAGE_MISSING without ioredis; TIER_REDIS_OPTION for a URL of something else, or a key prefix
   */
  constructor(connection: RedisConnection) {
    checkConnection('redis', connection);
    const driver = loadPackage('ioredis', 'redis()') as typeof Driver;
    const { Redis, Cluster } = driver;
    const { url, cluster, maxConnections = 1, slotsRefreshInterval = 0, ...options } = connection;
    if (!Number.isInteger(maxConnections) || maxConnections < 1) throw new MisuseError('TIER_REDIS_OPTION', `redis() was given ${String(maxConnections)} for maxConnections. Give a whole number above zero.`);
    if (cluster && maxConnections > 1) throw new MisuseError('TIER_REDIS_OPTION', 'redis() makes one connection to each node of a cluster. Leave maxConnections out.');
    if (options['keyPrefix'] !== undefined) throw new MisuseError('TIER_REDIS_OPTION', 'redis() takes no keyPrefix: patterns would not find their keys. Give the cache a prefix.');
    // Options that are ours go through to ioredis, which names them likewise.
    const redisOptions = { ...IMPATIENT, ...options, Connector: heedfulConnector(driver, options), replyMapping: 'legacy' } as Driver.RedisOptions & { replyMapping: 'legacy' };
    if (cluster) {
      this.#cluster = new Cluster([...cluster], {
        // A tick's calls travel together to each node.
        enableAutoPipelining: true, clusterRetryStrategy: IMPATIENT.retryStrategy, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50, maxRedirections: 4, slotsRefreshTimeout: 1_000,
        // Some are of the cluster as a whole, as `dnsLookup` and `natMap`; it does not look at those of connections.
        ...options, enableOfflineQueue: false, redisOptions: { socketTimeout: SILENT_MS, ...redisOptions },
      });
      this.#client = this.#cluster;
      this.#calls = new ClusterCalls(this.#cluster, Number(slotsRefreshInterval));
      this.#readers = [this.#cluster];
    } else {
      const made = Array.from({ length: maxConnections }, () => (url === undefined ? new Redis(redisOptions) : new Redis(driverUrl(url), redisOptions)));
      this.#client = made[0] as Driver.Redis; // there is at least one
      this.#readers = made;
    }
    for (const client of this.#readers) {
      // It tells of every failed attempt to connect; whoever has to know learns it from the call that fails.
      client.on('error', (error: unknown) => {
        this.#problem = error;
      }).on('ready', () => {
        this.#problem = undefined;
        if (this.#isReady) this.#tell('up');
      }).on('close', () => this.#tellDown()).on('end', () => this.#tellDown());
    }
    this.#calls?.onChange((state) => this.#tell(state));
    if (!cluster) for (const client of this.#readers) giveUpUnready(client);
  }

  get receivedBytes(): number {
    // Before the first connection, there is no stream yet.
    const streams = (this.#cluster?.nodes() ?? this.#readers as readonly Driver.Redis[]).map(({ stream }): Driver.Redis['stream'] | undefined => stream);
    return streams.reduce((sum, stream) => sum + (stream?.bytesRead ?? 0), 0);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined | null)[]> {
    if (!this.#calls) return (await this.#reader.mgetBuffer(...keys)).map((value) => value ?? undefined);
    // Every key may be on another node: the client gathers the calls of each.
    const found = await reached(keys, async (key) => (await this.#routed(key, (on) => on.getBuffer(key))) ?? undefined);
    this.#calls.notice();
    return found;
  }

  async setMany(entries: readonly BackendEntry[]): Promise<void> {
    if (this.#cluster || entries.length < 2) {
      await doneToAll(entries.map(({ key }) => key), (key, at) => this.#routed(key, (on) => Promise.resolve(this.#set(on, entries[at] as BackendEntry)))); // one a key
      return;
    }
    const pipeline = this.#client.pipeline();
    for (const entry of entries) void this.#set(pipeline, entry);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  async add({ key, value, ttlMs }: BackendEntry): Promise<boolean> {
    return (await this.#routed(key, (on) => (ttlMs === 0 ? on.set(key, bytes(value), 'NX') : on.set(key, bytes(value), 'PX', whole(ttlMs), 'NX')))) === 'OK';
  }

  async replace({ key, value, ttlMs }: BackendEntry, expected: Uint8Array): Promise<boolean> {
    return (await this.#routed(key, (on) => on.eval(REPLACE, 1, key, bytes(expected), bytes(value), whole(ttlMs)))) === 1;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0;
    const client = this.#client;
    if (!this.#cluster) return client.unlink(...keys);
    const counts = await doneToAll(keys, (key) => this.#routed(key, (on) => on.unlink(key)));
    return counts.reduce<number>((sum, count = 0) => sum + count, 0);
  }

  async touch(key: string, ttlMs: number): Promise<boolean> {
    if (ttlMs > 0) return (await this.#routed(key, (on) => on.pexpire(key, whole(ttlMs)))) === 1;
    const [, isThere] = await Promise.all([this.#routed(key, (on) => on.persist(key)), this.#routed(key, (on) => on.exists(key))]);
    return isThere === 1;
  }

  /**
   * @throws {OutageError} TIER_UNAVAILABLE where keys of a cluster are on their way to other nodes, or were meanwhile: some may have been met nowhere
   * @remarks SCAN and UNLINK in small steps, between which the server answers others.
   */
  async deleteByPattern(pattern: string, step: BackendStep = (call) => call()): Promise<number> {
    // Only `*` is special here; Redis knows more.
    const match = pattern.replaceAll(/[\\?[\]^]/g, (special) => `\\${special}`);
    const places = await this.#placesOfKeys(step);
    const counts = await Promise.all(this.#masters().map(async (node) => {
      let deleted = 0;
      let cursor = '0';
      do {
        const at = cursor;
        const [next, keys] = await step(() => node.scan(at, 'MATCH', match, 'COUNT', KEYS_A_SCAN));
        cursor = next;
        if (keys.length > 0) deleted += await step(() => this.deleteMany(keys));
      } while (cursor !== '0');
      return deleted;
    }));
    if (places !== (await this.#placesOfKeys(step))) throw new OutageError('TIER_UNAVAILABLE', 'Keys of the Redis Cluster have gone to other nodes meanwhile.');
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async check(): Promise<string> {
    // Before that, it answers some questions and not others.
    if (!this.#isReady) throw notConnected(this.#problem);
    if (this.#calls) return this.#calls.check();
    const owedMs = this.#owedSinceMs;
    if (owedMs !== undefined && performance.now() - owedMs >= SILENT_MS) await this.#giveUpSilent(owedMs);
    this.#owedSinceMs ??= performance.now();
    const all = Promise.all([...this.#masters().map((node) => node.info('server')), ...this.#readers.slice(1).map((client) => client.ping())]);
    const [info = ''] = await all.finally(() => {
      this.#owedSinceMs = undefined;
    });
    return runOf(info);
  }

  onState(listener: (state: BackendState, cause?: unknown) => void): () => void {
    this.#listeners.add(listener);
    if (this.#isReady) listener('up');
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#calls?.close();
    for (const client of this.#readers) client.disconnect();
    return Promise.resolve();
  }

  get #isReady(): boolean {
    return this.#readers.every(({ status }) => status === 'ready');
  }

  /** However many caches there are, the driver has one listener. */
  #tell(state: BackendState, cause?: unknown): void {
    for (const listener of [...this.#listeners]) listener(state, cause);
  }

  #tellDown(): void {
    this.#tell('down', this.#problem === undefined ? undefined : notConnected(this.#problem));
  }

  get #routed(): RoutedCall {
    return this.#calls?.make ?? ((_, call) => call(this.#client));
  }

  #set(on: Driver.Redis | Driver.Cluster | Driver.ChainableCommander, { key, value, ttlMs }: BackendEntry): unknown {
    return ttlMs === 0 ? on.set(key, bytes(value)) : on.set(key, bytes(value), 'PX', whole(ttlMs));
  }

  /**
   * Whoever is not answered asks whether anybody is there, again and again. The driver's own `socketTimeout` does this too, with a timer and a listener for
   * every call: a tenth of what a hit costs.
   */
  async #giveUpSilent(owedMs: number): Promise<void> {
    await new Promise<void>(whenRead);
    if (this.#owedSinceMs !== owedMs) return;
    this.#owedSinceMs = undefined;
    for (const client of this.#readers) client.disconnect(true);
    throw new OutageError('TIER_UNAVAILABLE', 'Redis did not answer for long, so that the connection is given up.');
  }

  get #reader(): Driver.Redis | Driver.Cluster {
    this.#turn = (this.#turn + 1) % this.#readers.length;
    return this.#readers[this.#turn] ?? this.#client;
  }

  #placesOfKeys(step: BackendStep): Promise<string> {
    const calls = this.#calls;
    return calls ? step(() => calls.places()) : Promise.resolve('');
  }

  #masters(): readonly Driver.Redis[] {
    if (this.#cluster) return this.#cluster.nodes('master');
    // What is no cluster is one server.
    return [this.#client as Driver.Redis];
  }
}

/** One that takes a connection and then says nothing, not even that it is ready, is given up, too: where sentinels are asked again, it may be another by now. */
function giveUpUnready(client: Driver.Redis | Driver.Cluster): void {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  client.on('ready', end).on('close', end).on('connect', () => {
    end();
    const waits = setTimeout(() => whenRead(() => {
      if (timer === waits) client.disconnect(true);
    }), SILENT_MS).unref();
    timer = waits;
  });
}

/** ioredis tells texts from bytes by the class. */
function bytes(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Redis counts whole milliseconds, and refuses none. */
function whole(ttlMs: number): number {
  return ttlMs === 0 ? 0 : Math.max(1, Math.ceil(ttlMs));
}
