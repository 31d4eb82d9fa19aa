import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(__dirname, '..', '..');
const holders: ChildProcess[] = [];

interface Held {
  readonly holder: ChildProcess;
  readonly supervisorPid: number;
  readonly serverPids: readonly number[];
}

/** Starts a process that holds servers of its own, apart from those of this test run. */
async function holdServers(): Promise<Held> {
  const { DATABASE_URL: _ours, ...env } = process.env;
  const holder = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, 'holder.ts')], {
    cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'],
  });
  holders.push(holder);
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  const { servers, supervisorPid } = JSON.parse(line.toString()) as { servers: { pid: number }[]; supervisorPid: number };
  return { holder, supervisorPid, serverPids: servers.map(({ pid }) => pid) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Another process cannot be awaited, only watched. */
async function expectGone(pids: readonly number[]): Promise<void> {
  for (const end = Date.now() + 15_000; pids.some(isAlive) && Date.now() < end;) await sleep(20);
  expect(pids.filter(isAlive)).toEqual([]);
}

afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
});

test('kill -9 of the process that started the servers leaves no server', async () => {
  const { holder, serverPids } = await holdServers();
  expect(serverPids.map(isAlive)).toEqual([true, true, true]);
  holder.kill('SIGKILL');
  await expectGone(serverPids);
}, 60_000);

test('kill -9 of the supervisor leaves no server', async () => {
  const { serverPids, supervisorPid } = await holdServers();
  process.kill(supervisorPid, 'SIGKILL');
  await expectGone(serverPids);
}, 60_000);

test('an interrupt from the terminal leaves no server', async () => {
  const { holder, serverPids } = await holdServers();
  holder.kill('SIGINT');
  await expectGone(serverPids);
}, 60_000);
