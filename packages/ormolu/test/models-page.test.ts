import { RESERVED_NAMES } from '@ormolu/registry';
import { RecordSet } from '@ormolu/transaction';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOf, run } from './support/page-program';

const page = readFileSync(join(__dirname, '../../../docs/models.md'), 'utf8');
/** All examples, as one program. */
const program = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '').join('\n');

test('the examples compile', () => {
  expect(program).toContain('await ghent.grow(');
  expect(problemsOf(program)).toEqual([]);
}, 120_000);

test('the examples run, and hold what they assert', async () => {
  await run(program);
});

test('the list of names that fields cannot have is that of the program', () => {
  const listed = [...(page.split('<!-- reserved -->')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');
  expect(listed).toEqual([...new Set([...RESERVED_NAMES, 'or', 'and', 'not'])].sort());
});

test('every member of records is among them', () => {
  expect(Object.getOwnPropertyNames(RecordSet.prototype).filter((name) => !RESERVED_NAMES.has(name))).toEqual([]);
});
