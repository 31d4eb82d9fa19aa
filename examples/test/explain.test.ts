import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExample } from './run-example';

const root = join(__dirname, '..', '..');

test('the page about explain shows the example as it is, and what it prints', () => {
  const page = readFileSync(join(root, 'docs/explain.md'), 'utf8');
  const shown = /<!-- (examples\/\S+) -->\n```ts\n([\s\S]*?)\n```/.exec(page);
  expect(shown?.[2]).toBe(readFileSync(join(root, shown?.[1] ?? ''), 'utf8').trimEnd());
  const printed = /<!-- output -->\n```text\n([\s\S]*?)\n```/.exec(page);
  expect(runExample('10-explain.ts')).toEqual(printed?.[1]?.split('\n'));
}, 60_000);
