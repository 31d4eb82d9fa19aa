import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs a program until it ends by itself or its own standard input ends, which is when whoever started it has died in any way, kill -9
 * included: then the program is stopped and its folder removed.
 *
 * It is a shell because any user may run that, wherever node is installed, and it is given as text because the folder of this file may
 * be closed to that user. (Not `: > file`: where the folder is gone already, that ends a POSIX shell before it has stopped the server.)
 */
const LEASH = `
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
echo "$server" > "$folder/leashed"
{
  cat <&3
  echo > "$folder/released"
  kill -s "$signal" "$server"
  tries=20
  while [ "$tries" -gt 0 ] && kill -0 "$server"; do sleep 0.25; tries=$((tries - 1)); done
  kill -s KILL "$server"
} >/dev/null 2>&1 &
watcher=$!
wait "$server"
code=$?
if [ -e "$folder/released" ]; then rm -rf "$folder"; else kill "$watcher"; fi
exit "$code"
`;

const held = new Set();
let isOver = false;

/** Makes every program end; resolves when all have. None is started afterwards. */
export async function releaseAll() {
  isOver = true;
  for (const { release } of held) release();
  await Promise.all([...held].map(({ ended }) => ended));
}

/**
 * Starts a program that cannot outlive this process.
 * @param {string[]} command - the program and its arguments
 * @param {{ folder: string, signal: string, env?: Record<string, string>, owner?: { uid: number, gid: number } }} options - `folder`
 *   is where it runs, and is removed with it; `signal` (`QUIT`, `TERM`) makes it end at once; `owner` is the user it runs as
 * @returns {{ ended: Promise<number>, log: () => string, pid: () => number, release: () => void }} `release` makes the program end;
 *   `pid` is that of the program started last in the folder, known once it has answered
 */
export function onLeash(command, { folder, signal, env = {}, owner = {} }) {
  if (isOver) throw new Error('The test servers are being stopped.');
  const shell = spawn('/bin/sh', ['-c', LEASH, 'leash', folder, signal, ...command], {
    cwd: folder, env: { ...process.env, LC_ALL: 'C', ...env }, stdio: ['pipe', 'pipe', 'pipe'], ...owner,
  });
  let log = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => { log = (log + String(chunk)).slice(-4000); });
  // The far end of the pipe goes away with the shell; writing nothing, we need not know.
  shell.stdin.on('error', () => undefined);
  const ended = new Promise((resolve) => {
    shell.on('error', (error) => { log += error.message; resolve(1); });
    shell.on('exit', (code) => {
      shell.stdin.destroy();
      resolve(code ?? 1);
    });
  });
  const leash = { ended, log: () => log.trim(), pid: () => Number(readFileSync(join(folder, 'leashed'), 'utf8')), release: () => shell.stdin.destroy() };
  held.add(leash);
  void ended.then(() => held.delete(leash));
  return leash;
}
