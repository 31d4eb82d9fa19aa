import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pause } from './foreign-writer';
import type { LadderConfig } from './ladder';
import { program } from './program';
import type { ServerConfig } from './server';

/** Between two deaths. */
const LONGEST_LIFE_MS = 20_000;
const LONGEST_AWAY_MS = 300;
/** Answers compared within one life, at most: who asks for few of them sees it die, too, however fast the machine. */
const MOST_READS_A_LIFE = 12_000;
/** For all clients, also those that sleep with transactions open. */
const FLOWS = 40;

/** The server of the clients, which is killed and started anew on its port. */
export class ServerProcess {
  readonly #config: LadderConfig;
  readonly #bug: string | undefined;
  readonly #onFailure: (failure: string) => void;
  #child: ChildProcess | undefined;
  #port = 0;
  #isOver = false;
  kills = 0;

  /** @param onFailure - told of an end that nobody wanted */
  constructor(config: LadderConfig, bug: string | undefined, onFailure: (failure: string) => void) {
    this.#config = config;
    this.#bug = bug;
    this.#onFailure = onFailure;
  }

  get url(): string {
    return `tcp://127.0.0.1:${String(this.#port)}`;
  }

  async start(): Promise<void> {
    const config: ServerConfig = { ...this.#config, port: this.#port, flows: FLOWS };
    const child = program('server.ts', JSON.stringify(config), { bug: this.#bug, onEnd: (failure) => { if (failure !== undefined) this.#onFailure(failure); } });
    this.#child = child;
    const ended = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
    [this.#port] = await Promise.race([once(child, 'message') as Promise<[number]>, ended.then((): [number] => [this.#port])]);
  }

  /**
   * Kills it now and then.
   *
   * @param reads - how many answers have been compared so far
   */
  async run(random: (bound: number) => number, reads: () => number): Promise<void> {
    const isOver = (): boolean => this.#isOver;
    for (;;) {
      const lastRead = reads() + MOST_READS_A_LIFE;
      for (let left = random(LONGEST_LIFE_MS); left > 0 && reads() < lastRead && !isOver(); left -= 100) await pause(100);
      if (isOver()) return;
      this.kills += 1;
      const gone = this.#child && once(this.#child, 'exit');
      this.#child?.kill('SIGKILL');
      await gone;
      await pause(random(LONGEST_AWAY_MS));
      await this.start();
    }
  }

  /** No more deaths. */
  end(): void {
    this.#isOver = true;
  }

  stop(): void {
    this.end();
    this.#child?.kill('SIGKILL');
  }
}
