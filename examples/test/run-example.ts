import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** Runs an example as a user would, in a process of its own. @param env - variables that are others than here @returns the lines it printed */
export function runExample(example: string, env: NodeJS.ProcessEnv = {}): string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join('examples', example)], {
    cwd: root, encoding: 'utf8', env: { ...process.env, ...env },
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}
