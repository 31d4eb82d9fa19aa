import type { ChildProcess } from 'node:child_process';
import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { CacheFaults } from './cache-faults';
import { dice } from './dice';
import { ForeignWriter, pause } from './foreign-writer';
import type { LadderConfig, SharedKind } from './ladder';
import { program } from './program';
import { addReport, emptyTally, totals, type Report } from './report';
import { ServerProcess } from './server-process';
import type { WorkerConfig } from './worker';

/** How long and how hard. */
export interface SoakOptions {
  /** Answers to compare. */
  readonly reads: number;
  readonly seed: number;
  /** Ends earlier than `reads`. */
  readonly maxMs: number;
  /** Processes at a time. @defaultValue 3 */
  readonly workers?: number;
  /** What stands above storage, in one process after the other. @defaultValue local caches, some of them too small for all records */
  readonly caches?: readonly LadderConfig['caches'][];
  /** A cache server of all processes, which fails in every way while they work; above it, in one process after the other, the local caches that `caches` has. */
  readonly shared?: SharedKind | undefined;
  /** The workers are clients of a server, which is killed now and then. @defaultValue false */
  readonly remote?: boolean | undefined;
  /** A way to break the engine in the workers; ends at the first difference. */
  readonly bug?: string;
  /** Answers compared from one alteration of tables to the next. @defaultValue as many as let caches fill again in between */
  readonly alteredEach?: number | undefined;
}

/** What came of it. */
export interface SoakResult extends Report {
  readonly reads: number;
  readonly hits: number;
  readonly kills: number;
  readonly stops: number;
  readonly foreignWrites: number;
  /** Of the cache server. */
  readonly cacheFaults: number;
  /** Of the server of the clients. */
  readonly serverKills: number;
  readonly ms: number;
}

const FLOWS = 3;
/** Answers compared for each write of others, each process that is stopped and each that is killed, at least: what is kept is not always gone before it is asked for, however slow the machine. */
const READS_A_WRITE = 10;
const READS_A_STOP = 500;
const READS_A_KILL = 2_000;
/** Writes before the first answer. */
const WRITES_AHEAD = 50;
const TICK_MS = 50;
const LONGEST_TRIM_MS = 300;
/** Answers compared from one trigger to the next: with each, all that is kept begins anew, and what stands on a server takes longer to come. */
const ALTERED_EACH = 2_500;
const ALTERED_EACH_SHARED = 5_000;
/** The shared cache of one process after the other. On a machine with too much to do, processes that wait no longer than is usual would find their server away nearly always. */
const SHARED_EACH = [{ serializer: 'msgpack', deadline: '1s' }, { serializer: 'json', deadline: '200ms' }, { serializer: 'msgpack', deadline: '1s' }] as const;
/** Without a local cache, what the shared one answers is seen. */
const SHARED: readonly LadderConfig['caches'][] = [{}, { local: { maxEntries: 45 } }, {}];
const CACHES: readonly LadderConfig['caches'][] = [{ local: { maxEntries: 1_000 } }, { local: { maxEntries: 45 } }, { local: { maxEntries: 200, policy: 'lru' } }];

/** Runs worker processes on a database of their own, beside writers in plain SQL, killing and stopping some of them, until enough was compared. */
export async function soak({ reads, seed, maxMs, workers = 3, shared, remote = false, caches = shared ? SHARED : CACHES, bug, alteredEach = shared ? ALTERED_EACH_SHARED : ALTERED_EACH }: SoakOptions): Promise<SoakResult> {
  const database = await createDatabase();
  const server = shared && await CacheFaults.start(shared, dice(seed + 2));
  const below = caches.map((one, at): LadderConfig['caches'] => (server ? { ...one, shared: { kind: server.kind, url: server.url, serializer: 'msgpack' as const, ...SHARED_EACH[at % SHARED_EACH.length] } } : one));
  const director = new Director({ kind: 'postgres', url: database.url }, { caches: below, server, isRemote: remote, seed, bug });
  try {
    await director.prepare();
    return await director.run({ reads, maxMs, workers, alteredEach });
  } finally {
    director.end();
    server?.stop();
    await database.drop();
  }
}

class Director {
  readonly #storage: LadderConfig['storage'];
  readonly #caches: readonly LadderConfig['caches'][];
  readonly #seed: number;
  readonly #bug: string | undefined;
  readonly #random: (bound: number) => number;
  readonly #children = new Set<ChildProcess>();
  readonly #tally = emptyTally();
  readonly #failures: string[] = [];
  readonly #foreign: ForeignWriter;
  readonly #server: CacheFaults | undefined;
  readonly #between: ServerProcess | undefined;
  /** Whether triggers come and go. A server's caches, between clients and the database, would hardly be filled in between. */
  readonly #alters: boolean;
  #born = 0;
  #kills = 0;
  #stops = 0;

  constructor(storage: LadderConfig['storage'], { caches, server, isRemote, seed, bug }: { readonly caches: readonly LadderConfig['caches'][]; readonly server: CacheFaults | undefined; readonly isRemote: boolean; readonly seed: number; readonly bug: string | undefined }) {
    this.#storage = storage;
    this.#caches = caches;
    this.#server = server;
    this.#seed = seed;
    this.#bug = bug;
    this.#random = dice(seed);
    this.#alters = !isRemote;
    this.#foreign = new ForeignWriter(dice(seed + 1), (writes) => (writes - WRITES_AHEAD) * READS_A_WRITE <= this.#reads);
    if (isRemote) this.#between = new ServerProcess({ storage, caches: { local: { maxEntries: 100 } } }, bug, (failure) => this.#failures.push(failure));
  }

  async prepare(): Promise<void> {
    const child = this.#fork('prepare.ts', this.#storage.url);
    await new Promise((resolve) => child.once('exit', resolve));
    await this.#between?.start();
    this.#refuseFailures();
  }

  async run({ reads, maxMs, workers, alteredEach }: { readonly reads: number; readonly maxMs: number; readonly workers: number; readonly alteredEach: number }): Promise<SoakResult> {
    const start = performance.now();
    for (let at = 0; at < workers; at += 1) this.#start();
    const foreign = this.#writeForeign().catch((error: unknown) => this.#failures.push(`writer in SQL: ${String(error)}`));
    const faults = this.#server?.run(() => this.#reads).catch((error: unknown) => this.#failures.push(`cache server: ${String(error)}`));
    const isEnough = (): boolean => this.#failures.length > 0 || this.#reads >= reads || (this.#bug !== undefined && this.#tally.differences.length > 0);
    const deaths = this.#between?.run(dice(this.#seed + 3), () => this.#reads).catch((error: unknown) => this.#failures.push(`server: ${String(error)}`));
    let untilAltered = alteredEach;
    let [untilKill, untilStop] = [this.#random(60), this.#random(10)];
    while (!isEnough() && performance.now() - start < maxMs) {
      await pause(TICK_MS);
      if (this.#alters && this.#reads >= untilAltered) {
        untilAltered = this.#reads + alteredEach;
        this.#foreign.alter();
      }
      if ((untilKill -= 1) < 0 && this.#kills * READS_A_KILL <= this.#reads) {
        untilKill = 40 + this.#random(120);
        this.#kill();
      } else if ((untilStop -= 1) < 0 && this.#stops * READS_A_STOP <= this.#reads) {
        untilStop = this.#random(14);
        await this.#stopAwhile();
      }
    }
    this.#foreign.end();
    this.#server?.end();
    this.#between?.end();
    await foreign;
    await faults;
    await deaths;
    await Promise.all([...this.#children].map((child) => new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      if (child.connected) child.send('end');
      else resolve();
    })));
    this.#refuseFailures();
    return { ...this.#tally, ...totals(this.#tally), kills: this.#kills, stops: this.#stops, foreignWrites: this.#foreign.writes, cacheFaults: this.#server?.count ?? 0, serverKills: this.#between?.kills ?? 0, ms: performance.now() - start };
  }

  /** Ends what still runs: only what was started here. */
  end(): void {
    this.#foreign.end();
    this.#server?.end();
    this.#between?.stop();
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #refuseFailures(): void {
    if (this.#failures.length > 0) throw new Error(this.#failures.join('; '));
  }

  get #reads(): number {
    return totals(this.#tally).reads;
  }

  #start(): void {
    const caches = this.#caches[this.#born % this.#caches.length] ?? {};
    this.#born += 1;
    const config: WorkerConfig = { storage: this.#between ? { kind: 'server', url: this.#between.url } : this.#storage, caches, name: `w${String(this.#born)}`, seed: this.#seed + 7919 * this.#born, flows: FLOWS, readsBehind: this.#alters };
    this.#fork('worker.ts', JSON.stringify(config)).on('message', (report: Report) => addReport(this.#tally, report));
  }

  #fork(name: string, argument: string): ChildProcess {
    const child = program(name, argument, {
      bug: this.#bug,
      onEnd: (failure) => {
        this.#children.delete(child);
        if (failure !== undefined) this.#failures.push(failure);
      },
    });
    this.#children.add(child);
    return child;
  }

  /** As a crash does: its transactions stay open until the database hears of it. */
  #kill(): void {
    const child = this.#one();
    if (!child) return;
    this.#kills += 1;
    child.kill('SIGKILL');
    this.#start();
  }

  /** It sleeps with transactions open, and wakes up knowing nothing of what happened. */
  async #stopAwhile(): Promise<void> {
    const child = this.#one();
    if (!child) return;
    this.#stops += 1;
    child.kill('SIGSTOP');
    await pause(100 + this.#random(200));
    // Rows that it has not heard of are gone when it wakes up.
    if (this.#random(2) === 0) await Promise.race([this.#foreign.trim(), pause(LONGEST_TRIM_MS)]);
    child.kill('SIGCONT');
  }

  #one(): ChildProcess | undefined {
    return [...this.#children][this.#random(Math.max(1, this.#children.size))];
  }

  async #writeForeign(): Promise<void> {
    const clients = [0, 1, 2].map(() => new Client({ connectionString: this.#storage.url })) as [Client, Client, Client]; // three of them
    await Promise.all(clients.map((client) => client.connect()));
    try {
      await this.#foreign.run(...clients);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  }
}
