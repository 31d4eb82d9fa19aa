import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { BusAsk } from '../support/bus-worker';

const ROOT = join(__dirname, '..', '..', '..', '..');
type Name = 'local' | 'shared';

class Worker {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, '..', 'support', 'bus-worker.ts'), ...args], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.child;
    if (!stdout) throw new Error('a worker has no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<{ readonly answer: unknown }> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('a worker ended');
    // What the worker writes.
    return JSON.parse(value) as { readonly answer: unknown };
  }

  async ask(cache: Name, ask: BusAsk): Promise<unknown> {
    this.child.stdin?.write(`${JSON.stringify({ cache, ...ask })}\n`);
    return (await this.next()).answer;
  }

  /** What it has under the key; 0 when it had to ask its loader. */
  read(cache: Name, key: string): Promise<unknown> {
    return this.ask(cache, { do: 'load', key, value: 0 });
  }

  async until(cache: Name, state: { readonly isUp: boolean }): Promise<number> {
    const began = performance.now();
    for (;;) {
      const told = (await this.ask(cache, { do: 'state' })) as { readonly isUp: boolean };
      if (told.isUp === state.isUp) return performance.now() - began;
      await sleep(10);
    }
  }
}

let server: OwnCacheServer;
let workers: readonly [Worker, Worker];

beforeAll(async () => {
  server = await ownCacheServer('redis');
  const args = [server.url, await sharedCacheServer('redis'), `bus-${randomUUID()}`];
  workers = [new Worker(args), new Worker(args)];
  for (const worker of workers) {
    await worker.next();
    for (const cache of ['local', 'shared'] as const) await worker.until(cache, { isUp: true });
  }
}, 120_000);
afterAll(() => {
  for (const { child } of workers) child.kill('SIGKILL');
  server.stop();
});

/** Tries it until it is so: messages take their time. */
async function soon(check: () => Promise<boolean>, withinMs = 5_000): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end;) {
    if (await check()) return;
    await sleep(5);
  }
  throw new Error('it did not come to be');
}

test.each<[Name, string, BusAsk]>((['local', 'shared'] as const).flatMap((name) => [
  [name, 'deletes it', { do: 'delete', key: 'a:deletes it' }],
  [name, 'takes its tag out', { do: 'tag', tag: 't' }],
  [name, 'takes out a pattern', { do: 'pattern', pattern: 'a:*' }],
  [name, 'clears the cache', { do: 'clear' }],
]))('%s: what one process has in memory goes when another %s', async (name, what, change) => {
  const [one, other] = workers;
  // A key of its own: what another case has left need not be taken out, of which the other process would hear later.
  const key = `a:${what}`;
  expect(await other.ask(name, { do: 'load', key, value: 7 })).toBe(7);
  expect(await other.read(name, key)).toBe(7);
  await one.ask(name, change);
  await soon(async () => (await other.read(name, key)) === 0);
});

test('what one process sets, the others read from the server at once, and where there is none, they load anew', async () => {
  const [one, other] = workers;
  for (const name of ['local', 'shared'] as const) {
    await one.ask(name, { do: 'clear' });
    await other.ask(name, { do: 'load', key: 'set', value: 1 });
    await one.ask(name, { do: 'set', key: 'set', value: 2 });
    const wanted = name === 'local' ? 0 : 2;
    await soon(async () => (await other.read(name, 'set')) === wanted);
    expect(await one.read(name, 'set')).toBe(2);
  }
});

test('a bus that is killed takes what is in memory with it; what is changed meanwhile is known when it is back', async () => {
  const [one, other] = workers;
  await other.ask('local', { do: 'load', key: 'k', value: 1 });
  server.signal('SIGKILL');
  await Promise.all(workers.map((worker) => worker.until('local', { isUp: false })));
  expect(await other.read('local', 'k')).toBe(0);
  // Loaded while nothing is heard: it may become wrong without a word.
  await other.ask('local', { do: 'delete', key: 'k' });
  await other.ask('local', { do: 'load', key: 'k', value: 2 });
  await one.ask('local', { do: 'delete', key: 'k' });
  server = await ownCacheServer('redis', { port: server.port });
  await Promise.all(workers.map((worker) => worker.until('local', { isUp: true })));
  await soon(async () => (await other.read('local', 'k')) === 0);
  await other.ask('local', { do: 'delete', key: 'k' });
  await other.ask('local', { do: 'load', key: 'k', value: 3 });
  await one.ask('local', { do: 'delete', key: 'k' });
  await soon(async () => (await other.read('local', 'k')) === 0);
});

test('a bus that stands still is noticed within two seconds, and what was in memory is gone then', async () => {
  const [, other] = workers;
  await other.ask('local', { do: 'delete', key: 'k' });
  await other.ask('local', { do: 'load', key: 'k', value: 1 });
  server.signal('SIGSTOP');
  const tookMs = await other.until('local', { isUp: false });
  expect(tookMs).toBeLessThan(3_500);
  expect(await other.read('local', 'k')).toBe(0);
  server.signal('SIGCONT');
  await Promise.all(workers.map((worker) => worker.until('local', { isUp: true })));
});

test('without a bus to be told over, memory serves for five seconds and no longer', async () => {
  const [one, other] = workers;
  server.signal('SIGKILL');
  await Promise.all(workers.map((worker) => worker.until('local', { isUp: false })));
  await other.ask('local', { do: 'load', key: 'away', value: 1 });
  await one.ask('local', { do: 'delete', key: 'away' });
  const began = performance.now();
  await soon(async () => (await other.read('local', 'away')) === 0, 8_000);
  expect(performance.now() - began).toBeLessThan(7_000);
});
