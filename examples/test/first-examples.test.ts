import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExample } from './run-example';

const root = join(__dirname, '..', '..');

test('records are read through relations and computed fields', () => {
  expect(runExample('01-first-read.ts')).toEqual(['Ghent lies in Belgium, population 300000', 'Ypres lies in Belgium, population 300000']);
});

test('a stored computed field follows its causes, and a savepoint takes it back', () => {
  expect(runExample('02-computed-field.ts')).toEqual([
    'Ghent, Belgium', 'Ghent, België', 'Gand, België', 'second thoughts', 'Ghent, België', 'TX_NOT_LOADED', 'Ghent, België',
  ]);
});

test('modules are joined in any order, and a conflict names both', () => {
  expect(runExample('05-modules.ts')).toEqual(['Ghent, mayor Mathias: 5', "The modules 'mayors' and 'shouting' say different things of city.label (compute)", 'true, true']);
});

test('the README shows the first example as it is', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const shown = /<!-- (examples\/\S+) -->\n```ts\n([\s\S]*?)\n```/.exec(readme);
  expect(shown?.[2]).toBe(readFileSync(join(root, shown?.[1] ?? ''), 'utf8').trimEnd());
});
