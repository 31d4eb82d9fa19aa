import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** Runs an example as a user would, in a process of its own. @returns the lines it printed */
export function runExample(example: string): string[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join('examples', example)], {
    cwd: root, encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}
