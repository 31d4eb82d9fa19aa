import { once } from 'node:events';
import { connect } from 'node:net';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { CLUSTER_ARGS, startRedisCluster } from '../../../../tiers/test/support/redis-cluster';
import { pause } from './foreign-writer';
import type { SharedKind } from './ladder';

const LONGEST_AWAY_MS = 400;
const TICK_MS = 20;
/** Answers compared between faults, most of which leave Memcached empty and half of which leave Redis with something. */
const MOST_READS_WELL: Readonly<Record<SharedKind, number>> = { redis: 9_000, memcached: 24_000, cluster: 2_000, ring: 2_000 };
const EVICTING_REDIS = ['CONFIG SET maxmemory-policy allkeys-random', 'CONFIG SET maxmemory 1', 'SET one more', 'CONFIG SET maxmemory 0', 'QUIT'];
const EVICTING_MEMCACHED = ['flush_all', 'quit'];
/** What each is told to lose what it has, as for want of memory. */
const EVICTING: Readonly<Record<SharedKind, readonly string[]>> = {
  redis: EVICTING_REDIS, memcached: EVICTING_MEMCACHED, cluster: EVICTING_REDIS, ring: EVICTING_MEMCACHED,
};

/** A cache server that is killed, stopped, restarted empty or with what it had long ago, or evicts; of a cluster or a ring, the first of several. */
export class CacheFaults {
  readonly kind: SharedKind;
  readonly #others: readonly OwnCacheServer[];
  readonly #random: (bound: number) => number;
  #server: OwnCacheServer;
  #isOver = false;
  #hasDump = false;
  count = 0;

  static async start(kind: SharedKind, random: (bound: number) => number): Promise<CacheFaults> {
    const servers = kind === 'cluster' ? (await startRedisCluster()).servers : kind === 'ring' ? await Promise.all([ownCacheServer('memcached'), ownCacheServer('memcached')]) : [await ownCacheServer(kind)];
    return new CacheFaults(kind, servers, random);
  }

  private constructor(kind: SharedKind, [server, ...others]: readonly OwnCacheServer[], random: (bound: number) => number) {
    this.kind = kind;
    if (!server) throw new Error('there is no server');
    this.#server = server;
    this.#others = others;
    this.#random = random;
  }

  get url(): string {
    return [this.#server, ...this.#others].map(({ url }) => url).join();
  }

  /** @param reads - how many answers were compared so far: on a slow machine, too, caches are to be filled in between */
  async run(reads: () => number): Promise<void> {
    const isOver = (): boolean => this.#isOver;
    for (;;) {
      const next = reads() + this.#random(MOST_READS_WELL[this.kind]);
      while (reads() < next && !isOver()) await pause(TICK_MS);
      if (isOver()) return;
      const what = this.#random(5);
      if (what === 0) await this.#stopAwhile();
      else if (what === 1 && this.#isRedis) await this.#save();
      else if (what === 2) await this.#evict();
      else await this.#replace(what === 3 && this.#hasDump);
    }
  }

  end(): void {
    this.#isOver = true;
  }

  stop(): void {
    this.#server.signal('SIGCONT');
    for (const server of [this.#server, ...this.#others]) server.stop();
  }

  get #isRedis(): boolean {
    return this.kind === 'redis' || this.kind === 'cluster';
  }

  async #stopAwhile(): Promise<void> {
    this.count += 1;
    this.#server.signal('SIGSTOP');
    await pause(100 + this.#random(LONGEST_AWAY_MS));
    this.#server.signal('SIGCONT');
  }

  /** @param isOld - with what it had when it was last saved */
  async #replace(isOld: boolean): Promise<void> {
    this.count += 1;
    const { port, folder } = this.#server;
    this.#server.signal('SIGKILL');
    await pause(50 + this.#random(LONGEST_AWAY_MS));
    this.#hasDump &&= isOld;
    // A node of a cluster keeps its place among the others, which it has on disk, too.
    if (this.kind === 'cluster') this.#server = await ownCacheServer('redis', { port, folder, args: [...CLUSTER_ARGS, ...(isOld ? [] : ['--dbfilename', `empty-${String(this.count)}.rdb`])] });
    else this.#server = await ownCacheServer(this.#isRedis ? 'redis' : 'memcached', { port, ...(isOld ? { folder } : {}) });
  }

  async #save(): Promise<void> {
    await this.#tell(['SAVE', 'QUIT']);
    this.#hasDump = true;
  }

  async #evict(): Promise<void> {
    this.count += 1;
    await this.#tell(EVICTING[this.kind]);
  }

  async #tell(lines: readonly string[]): Promise<void> {
    const socket = connect(this.#server.port, '127.0.0.1');
    socket.write(lines.map((line) => `${line}\r\n`).join(''));
    socket.resume();
    await once(socket, 'close');
  }
}
