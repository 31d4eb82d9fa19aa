import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..', '..', '..');

/**
 * Starts a program of this directory in a process of its own.
 *
 * @param bug - a way to break the engine in it
 * @param onEnd - told of an end that nobody wanted
 */
export function program(name: string, argument: string, { bug, onEnd }: { readonly bug: string | undefined; readonly onEnd: (failure: string | undefined) => void }): ChildProcess {
  const broken = bug === undefined ? [] : ['--require', join(__dirname, 'break.cjs')];
  const child = fork(join(__dirname, name), [argument], {
    execArgv: ['--conditions=@ormolu/source', ...broken, '--require', join(root, 'scripts', 'ts-node.cjs')],
    env: { ...process.env, ...(bug === undefined ? {} : { ORMOLU_SOAK_BUG: bug }) }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  child.on('exit', (code) => {
    onEnd(code !== 0 && code !== null ? `${name} ended with ${String(code)}: ${said.slice(-2_000)}` : undefined);
  });
  return child;
}
