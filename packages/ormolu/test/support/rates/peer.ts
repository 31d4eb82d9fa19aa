import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answered, Told } from './process';

const root = join(__dirname, '..', '..', '..', '..', '..');

/** Another process on the same database, seen from here. */
export class Peer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(url: string): Promise<Peer> {
    const child = fork(join(__dirname, 'process.ts'), [url], { execArgv: ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs')], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const peer = new Peer(child);
    await peer.#answer();
    return peer;
  }

  async ask(told: Told): Promise<Answered> {
    const answer = this.#answer();
    this.#child.send(told);
    return answer;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** As a crash does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async #answer(): Promise<Answered> {
    const stop = new AbortController();
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal: stop.signal }).then(([answer]) => answer as Answered), // what the process sends
        once(this.#child, 'exit', { signal: stop.signal }).then(([code, signal]): never => {
          throw new Error(`The other process ended with ${String(signal ?? code)}.`);
        }),
      ]);
    } finally {
      stop.abort();
    }
  }
}
