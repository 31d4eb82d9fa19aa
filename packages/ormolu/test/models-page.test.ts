import { RESERVED_NAMES } from '@ormolu/registry';
import { RecordSet } from '@ormolu/transaction';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOf, run } from './support/page-program';

const page = readFileSync(join(__dirname, '../../../docs/models.md'), 'utf8');
const [, program = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(page) ?? [];

test('the example compiles', () => {
  // A label that nobody reads would not compile; the test reads it below.
  expect(problemsOf(`${program}\nvoid label;\n`)).toEqual([]);
}, 120_000);

test('the example computes what it says', async () => {
  expect(await run(`${program}\nreturn label;\n`)).toBe('Ghent, Belgium: 1');
});

test('the list of names that fields cannot have is that of the program', () => {
  const listed = [...(page.split('<!-- reserved -->')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');
  expect(listed).toEqual([...new Set([...RESERVED_NAMES, 'or', 'and', 'not'])].sort());
});

test('every member of records is among them', () => {
  expect(Object.getOwnPropertyNames(RecordSet.prototype).filter((name) => !RESERVED_NAMES.has(name))).toEqual([]);
});
