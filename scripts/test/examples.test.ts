import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const example = (...name: string[]) => spawnSync(process.execPath, [join(__dirname, '..', 'run.mjs'), 'example', ...name], { encoding: 'utf8' });

test('an example runs by its number', () => {
  const { status, stdout } = example('6');
  expect([status, stdout]).toEqual([0, expect.stringContaining('100 asked, 1 call')]);
});

test('a number that no example has is told of, with those that there are', () => {
  const { status, stderr } = example('99');
  expect([status, stderr]).toEqual([2, expect.stringMatching(/no example '99'[\s\S]*06-named-cache\n/)]);
});
