import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import * as ormolu from '../../src/index';

/** What the compiler says of the examples of a page, put together as one module. */
export function problemsOf(program: string): readonly string[] {
  // Beside the tests, so that packages are found from there; as a module of its own form, for it awaits at the top.
  const file = join(__dirname, '..', 'page-program.mts');
  const root = join(__dirname, '../../../..');
  const configuration = ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name));
  const { options: { tsBuildInfoFile: _, ...options } } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, root);
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
  return problems.map(({ messageText, start }) => `${program.slice(start).split('\n')[0] ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

/** Runs them. @returns what the program itself returns, if it does */
export async function run(program: string): Promise<unknown> {
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS } });
  const load = createRequire(__filename) as (name: string) => unknown;
  // Transpiled to CommonJS, the page's top level awaits, which only the body of an asynchronous function may.
  const { constructor: AsyncFunction } = (async () => Promise.resolve()) as unknown as { constructor: new (...parts: string[]) => (...values: unknown[]) => Promise<unknown> };
  return new AsyncFunction('require', 'exports', outputText)((name: string) => (name === 'ormolu' ? ormolu : load(name)), {});
}
