import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsOf, run } from './support/page-program';

/** docs/fields.md as one program: the first example defines the models, the others run one after the other in one transaction. */
const page = readFileSync(join(__dirname, '../../../docs/fields.md'), 'utf8');
const [definition = '', ...examples] = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '');
const [beginning = '', ...others] = examples;
const program = `${definition}
await db.transaction(async (env) => {
${beginning}
${others.map((code) => `{\n${code}\n}`).join('\n')}
});
await db.close();
`;

test('every kind has its example', () => {
  for (const kind of ['char', 'text', 'html', 'uuid', 'selection', 'integer', 'bigint', 'float', 'decimal', 'monetary', 'boolean', 'date', 'datetime', 'json', 'binary', 'many2one', 'one2many', 'many2many', 'reference', 'related']) {
    expect(definition).toMatch(new RegExp(`: ${kind}[(<]`));
    expect(page).toMatch(new RegExp(`^## .*\\b${kind}\\b[^#]*\`\`\`ts`, 'm'));
  }
});

test('the examples compile', () => {
  expect(problemsOf(program)).toEqual([]);
}, 120_000);

test('the examples run', () => run(program));
