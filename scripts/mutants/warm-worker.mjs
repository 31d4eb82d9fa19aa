import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root, typescriptFile } from '../root.mjs';

const WORKER = join(root, 'scripts/mutants/worker.cjs');
const FLAGS = typescriptFile(WORKER).slice(0, -1);
/** A copy that takes so many times as long as the unbroken sources do, and at least so long, runs for ever. */
const PATIENCE = 4;
const LEAST_MS = 8_000;
/** How much longer many runs of each law take than few, at most. */
const THOROUGH = 10;

/** A process that tries one broken copy after the other; a new one takes over when a copy has brought it down. */
export class WarmWorker {
  #child;
  #limitMs = Infinity;
  /** The order of tests that the first process found. */
  #order;

  static async start() {
    const worker = new WarmWorker();
    await worker.#open();
    return worker;
  }

  /** @returns the name of what noticed the copy, or undefined */
  async killerOf(broken, { thorough }) {
    const answer = await this.#ask({ broken, thorough }, thorough ? THOROUGH * this.#limitMs : this.#limitMs);
    if (typeof answer !== 'string') return answer.killer;
    await this.#open();
    return answer;
  }

  stop() {
    this.#child.kill('SIGKILL');
  }

  async #open() {
    this.#child = fork(WORKER, [], { execArgv: [...FLAGS, '--max-old-space-size=1000'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(this.#child, 'message');
    if (this.#order !== undefined) {
      this.#child.send({ order: this.#order });
      return;
    }
    const began = performance.now();
    const { failing, order } = await this.#ask('measure', Infinity);
    if (failing === undefined || failing.length > 0) throw new Error(`Unbroken, these tests fail; mend them first: ${failing?.join('; ')}`);
    this.#order = order;
    this.#limitMs = Math.max(LEAST_MS, PATIENCE * (performance.now() - began));
  }

  /** @returns the answer; or how the process ended, which is an answer too */
  #ask(request, limitMs) {
    const child = this.#child;
    return new Promise((resolve) => {
      const settle = (answer) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      };
      const timer = limitMs === Infinity ? undefined : setTimeout(() => {
        child.kill('SIGKILL');
        settle('time');
      }, limitMs);
      child.once('message', settle);
      child.once('exit', () => settle('a crash'));
      child.send(request);
    });
  }
}
