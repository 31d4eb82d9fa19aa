import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import * as ormolu from '../src/index';

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

test('every scalar kind has its example', () => {
  for (const kind of ['char', 'text', 'html', 'uuid', 'selection', 'integer', 'bigint', 'float', 'decimal', 'monetary', 'boolean', 'date', 'datetime', 'json', 'binary']) {
    expect(definition).toMatch(new RegExp(`: ${kind}[(<]`));
    expect(page).toMatch(new RegExp(`^## .*\\b${kind}\\b[^#]*\`\`\`ts`, 'm'));
  }
});

test('the examples compile', () => {
  // Beside this file, so that packages are found from there; as a module of its own form, for it awaits at the top.
  const file = join(__dirname, 'fields-page.mts');
  const configuration = ts.readConfigFile(join(__dirname, '../../../tsconfig.json'), (name) => ts.sys.readFile(name));
  const { options: { tsBuildInfoFile: _, ...options } } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, join(__dirname, '../../..'));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const whole = ts.createProgram([file], { ...options, incremental: false }, {
    ...host,
    fileExists: (name) => name === file || fileExists(name),
    readFile: (name) => (name === file ? program : readFile(name)),
    getSourceFile: (name, language) => (name === file ? ts.createSourceFile(name, program, language) : getSourceFile(name, language)),
  });
  const source = whole.getSourceFile(file);
  const problems = [...whole.getSyntacticDiagnostics(source), ...whole.getSemanticDiagnostics(source)];
  expect(problems.map(({ messageText, start }) => `${program.slice(start).split('\n')[0] ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)).toEqual([]);
}, 120_000);

test('the examples run', async () => {
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS } });
  const load = createRequire(__filename) as (name: string) => unknown;
  // Transpiled to CommonJS, the page's top level awaits, which only the body of an asynchronous function may.
  const { constructor: AsyncFunction } = (async () => Promise.resolve()) as unknown as { constructor: new (...parts: string[]) => (...values: unknown[]) => Promise<void> };
  await new AsyncFunction('require', 'exports', outputText)((name: string) => (name === 'ormolu' ? ormolu : load(name)), {});
});
