import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { BAGS, dice, ITEMS, WORLD, type Report } from './world';

/** How long and how hard. */
export interface SoakOptions {
  /** Answers to compare. */
  readonly reads: number;
  readonly seed: number;
  /** Ends earlier than `reads`. */
  readonly maxMs: number;
  readonly workers?: number;
  /** A way to break the engine in the workers; ends at the first difference. */
  readonly bug?: string;
}

/** What came of it. */
export interface SoakResult extends Report {
  readonly kills: number;
  readonly stops: number;
  readonly foreignWrites: number;
  readonly ms: number;
}

const root = join(__dirname, '..', '..', '..', '..', '..');
const PROGRAM = join(__dirname, 'worker.ts');

/** Runs worker processes on a database of their own, beside writers in plain SQL, killing and stopping some of them, until enough was compared. */
export async function soak({ reads, seed, maxMs, workers = 3, bug }: SoakOptions): Promise<SoakResult> {
  const database = await createDatabase();
  const director = new Director(database.url, { seed, bug });
  try {
    await director.prepare();
    return await director.run({ reads, maxMs, workers, isOneEnough: bug !== undefined });
  } finally {
    await director.end();
    await database.drop();
  }
}

class Director {
  readonly #url: string;
  readonly #seed: number;
  readonly #bug: string | undefined;
  readonly #random: (bound: number) => number;
  readonly #children = new Set<ChildProcess>();
  readonly #sums = { reads: 0, hits: 0, fresh: 0, undecided: 0, transactions: 0, commits: 0 };
  readonly #differences: string[] = [];
  readonly #failures: string[] = [];
  #born = 0;
  #kills = 0;
  #stops = 0;
  #foreignWrites = 0;
  #isOver = false;

  constructor(url: string, { seed, bug }: { readonly seed: number; readonly bug: string | undefined }) {
    this.#url = url;
    this.#seed = seed;
    this.#bug = bug;
    this.#random = dice(seed);
  }

  async prepare(): Promise<void> {
    const storage = postgres(this.#url);
    try {
      await storage.migrate(WORLD);
    } finally {
      await storage.close();
    }
    await this.#withClient(async (client) => {
      await client.query('insert into soak_bag (id, name) select n, chr(96 + 1 + n % 3) from generate_series(1, $1::int) n', [BAGS]);
      await client.query(FILL, [ITEMS, BAGS]);
    });
  }

  async run({ reads, maxMs, workers, isOneEnough }: { readonly reads: number; readonly maxMs: number; readonly workers: number; readonly isOneEnough: boolean }): Promise<SoakResult> {
    const start = performance.now();
    for (let at = 0; at < workers; at += 1) this.#start();
    const foreign = this.#withClient((client) => this.#writeForeign(client)).catch((error: unknown) => this.#failures.push(String(error)));
    for (let turn = 1; this.#failures.length === 0 && this.#sums.reads < reads && performance.now() - start < maxMs && !(isOneEnough && this.#differences.length > 0); turn += 1) {
      await pause(50);
      if (turn % 60 === 0) this.#kill();
      else if (turn % 7 === 0) await this.#stopAwhile();
    }
    this.#isOver = true;
    await foreign;
    await Promise.all([...this.#children].map((child) => new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      if (child.connected) child.send('end');
      else resolve();
    })));
    if (this.#failures.length > 0) throw new Error(`A worker or writer failed: ${this.#failures.join('; ')}`);
    return { ...this.#sums, differences: this.#differences, kills: this.#kills, stops: this.#stops, foreignWrites: this.#foreignWrites, ms: performance.now() - start };
  }

  /** Ends what still runs: only what was started here. */
  end(): Promise<void> {
    this.#isOver = true;
    for (const child of this.#children) child.kill('SIGKILL');
    return Promise.resolve();
  }

  #start(): void {
    this.#born += 1;
    const broken = this.#bug === undefined ? [] : ['--require', join(__dirname, 'break.cjs')];
    const child = fork(PROGRAM, [this.#url, `w${String(this.#born)}`, String(this.#seed + 7919 * this.#born)], {
      execArgv: ['--conditions=@ormolu/source', ...broken, '--require', join(root, 'scripts', 'ts-node.cjs')],
      env: { ...process.env, ...(this.#bug === undefined ? {} : { ORMOLU_SOAK_BUG: this.#bug }) }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#children.add(child);
    let said = '';
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    child.on('message', (report: Report) => {
      for (const key of Object.keys(this.#sums) as (keyof Omit<Report, 'differences'>)[]) this.#sums[key] += report[key];
      this.#differences.push(...report.differences);
    });
    child.on('exit', (code) => {
      this.#children.delete(child);
      if (code !== 0 && code !== null) this.#failures.push(`worker ended with ${String(code)}: ${said.slice(-2_000)}`);
    });
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
    child.kill('SIGCONT');
  }

  #one(): ChildProcess | undefined {
    const all = [...this.#children];
    return all[this.#random(Math.max(1, all.length))];
  }

  /** Another program: it knows nothing of caches. */
  async #writeForeign(client: Client): Promise<void> {
    await client.query("set lock_timeout = '100ms'");
    const [now, id] = ['extract(epoch from clock_timestamp()) * 1000', (): number => 1 + this.#random(ITEMS)];
    while (!this.#isOver) {
      const what = this.#random(100);
      const statement = what < 80 ? `update soak_item set token = md5(random()::text), size = floor(random() * 4), writer = 'sql', at = ${now} where id in (${String(id())}, ${String(id())})`
        : what < 88 ? `update soak_item set bag = ${String(1 + this.#random(BAGS))}, writer = 'sql', at = ${now} where id = ${String(id())}`
          : what < 92 ? `update soak_bag set name = chr(97 + floor(random() * 3)::int), writer = 'sql', at = ${now} where id = ${String(1 + this.#random(BAGS))}`
            : what < 96 ? `with gone as (delete from soak_item where id = ${String(id())} returning id) select count(*) from gone`
              : what < 98 ? `insert into soak_item (id, token, size, writer, at) select n, 'again', 1, 'sql', ${now} from generate_series(1, ${String(ITEMS)}) n on conflict do nothing`
                : what < 99 ? `begin; truncate soak_item; ${FILL.replace('$1', String(ITEMS)).replace('$2', String(BAGS))}; commit` : 'select ormolu_log_trim(10)';
      try {
        await client.query(statement);
        this.#foreignWrites += 1;
      } catch (error) {
        // A lock it did not get, or another was faster: a writer that tries again.
        if (!['55P03', '40001', '40P01', '23503'].includes((error as { readonly code?: string }).code ?? '')) throw error;
        await client.query('rollback');
      }
      await pause(this.#random(12));
    }
  }

  async #withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.#url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

const FILL = "insert into soak_item (id, token, size, writer, at, bag) select n, md5(n::text), n % 4, 'sql', extract(epoch from clock_timestamp()) * 1000, 1 + n % $2::int from generate_series(1, $1::int) n on conflict do nothing";

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
