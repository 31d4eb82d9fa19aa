import { once } from 'node:events';
import { connect } from 'node:net';
import { ownCacheServer, type CacheServerKind, type OwnCacheServer } from '@ormolu/test-support';
import { pause } from './foreign-writer';

const LONGEST_AWAY_MS = 400;
const TICK_MS = 20;
/** Answers compared between faults, most of which leave Memcached empty and half of which leave Redis with something. */
const MOST_READS_WELL: Readonly<Record<CacheServerKind, number>> = { redis: 9_000, memcached: 24_000 };
/** What each is told to lose what it has, as for want of memory. */
const EVICTING: Readonly<Record<CacheServerKind, readonly string[]>> = { redis: ['CONFIG SET maxmemory-policy allkeys-random', 'CONFIG SET maxmemory 1', 'SET one more', 'CONFIG SET maxmemory 0', 'QUIT'], memcached: ['flush_all', 'quit'] };

/** A cache server that is killed, stopped, restarted empty or with what it had long ago, or evicts. */
export class CacheFaults {
  readonly kind: CacheServerKind;
  readonly #random: (bound: number) => number;
  #server: OwnCacheServer;
  #isOver = false;
  #hasDump = false;
  count = 0;

  static async start(kind: CacheServerKind, random: (bound: number) => number): Promise<CacheFaults> {
    return new CacheFaults(kind, await ownCacheServer(kind), random);
  }

  private constructor(kind: CacheServerKind, server: OwnCacheServer, random: (bound: number) => number) {
    this.kind = kind;
    this.#server = server;
    this.#random = random;
  }

  get url(): string {
    return this.#server.url;
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
      else if (what === 1 && this.kind === 'redis') await this.#save();
      else if (what === 2) await this.#evict();
      else await this.#replace(what === 3 && this.#hasDump);
    }
  }

  end(): void {
    this.#isOver = true;
  }

  stop(): void {
    this.#server.signal('SIGCONT');
    this.#server.stop();
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
    this.#server = await ownCacheServer(this.kind, { port, ...(isOld ? { folder } : {}) });
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
