import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Request, Role } from './side-messages';

/** A side as the runner sees it: a process that measures when asked, and waits in between. */
export class SideHandle {
  readonly #child: ChildProcess;
  readonly #label: string;

  private constructor(child: ChildProcess, label: string) {
    this.#child = child;
    this.#label = label;
  }

  /** Starts the process; resolves when it has set up and warmed up. */
  static async open(role: Role): Promise<SideHandle> {
    const child = fork(join(__dirname, 'side-process.ts'), [JSON.stringify(role)], { execArgv: [...process.execArgv, '--expose-gc'] });
    const side = new SideHandle(child, `${role.peer ?? role.side}${role.size === 1 ? '' : ` at ${role.size}`}`);
    try {
      await side.#expect('ready');
      return side;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async round(): Promise<readonly number[]> {
    const answer = this.#expect('figures');
    this.#ask('round');
    return (await answer).figures;
  }

  /** Lets the side put away what it set up, and ends its process. */
  async close(): Promise<void> {
    if (!this.#child.connected) return;
    const closed = this.#expect('closed');
    this.#ask('close');
    try {
      await closed;
    } finally {
      this.#child.kill('SIGKILL');
    }
  }

  #ask(request: Request): void {
    this.#child.send(request);
  }

  async #expect<K extends Answer['kind']>(kind: K): Promise<Extract<Answer, { kind: K }>> {
    const stop = new AbortController();
    try {
      const answer = await Promise.race([
        once(this.#child, 'message', { signal: stop.signal }).then(([message]) => message as Answer),
        once(this.#child, 'exit', { signal: stop.signal }).then(([code, signal]): Answer => ({ kind: 'failed', message: `its process ended (${String(signal ?? code)}).` })),
      ]);
      if (answer.kind === kind) return answer as Extract<Answer, { kind: K }>;
      throw new Error(`${this.#label}: ${answer.kind === 'failed' ? answer.message : `answered '${answer.kind}' when asked for '${kind}'`}`);
    } finally {
      stop.abort();
    }
  }
}
