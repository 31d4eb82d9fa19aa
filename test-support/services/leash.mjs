import { spawn } from 'node:child_process';

/**
 * Runs a program until it ends by itself or its own standard input ends, which is when whoever started it has died in any way, kill -9
 * included: then the program is stopped and its folder removed.
 *
 * It is a shell because any user may run that, wherever node is installed, and it is given as text because the folder of this file may
 * be closed to that user.
 */
const LEASH = `
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{
  cat <&3
  : > "$folder/released"
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

/** Makes every program end; resolves when all have. */
export async function releaseAll() {
  for (const { release } of held) release();
  await Promise.all([...held].map(({ ended }) => ended));
}

/**
 * Starts a program that cannot outlive this process.
 * @param {string[]} command - the program and its arguments
 * @param {{ folder: string, signal: string, env?: Record<string, string>, owner?: { uid: number, gid: number } }} options - `folder`
 *   is where it runs, and is removed with it; `signal` (`QUIT`, `TERM`) makes it end at once; `owner` is the user it runs as
 * @returns {{ ended: Promise<number>, log: () => string, release: () => void }} `release` makes the program end
 */
export function onLeash(command, { folder, signal, env = {}, owner = {} }) {
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
  const leash = { ended, log: () => log.trim(), release: () => shell.stdin.destroy() };
  held.add(leash);
  void ended.then(() => held.delete(leash));
  return leash;
}
