import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../../..');
const FOLDER = join(ROOT, 'node_modules/.cache/types');

/** What came of checking a file as one of a user's package, with the registry's sources behind the import. */
export interface Compiled {
  readonly errors: readonly string[];
  readonly instantiations: number;
  readonly seconds: number;
  /** The text of its declarations. */
  readonly declarations: string;
}

/** Writes a file to compile. @param name - with its extension; `x.d.ts` is what a package has of `x.ts` when it was built */
export function writeSource(name: string, text: string): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, name);
  writeFileSync(file, text);
  return file;
}

/** Checks a file, and makes its declarations. */
export function compile(file: string): Compiled {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022, lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'], module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true, declaration: true, emitDeclarationOnly: true,
    customConditions: ['@ormolu/source'], rootDir: ROOT, outDir: join(FOLDER, 'out'), types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { '@ormolu/registry': [join(ROOT, 'packages/registry/src/index.ts')] },
  });
  const source = program.getSourceFile(file);
  const began = performance.now();
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  let declarations = '';
  diagnostics.push(...program.emit(source, (_, text) => {
    declarations += text;
  }, undefined, true).diagnostics);
  return {
    declarations, instantiations: program.getInstantiationCount(), seconds: (performance.now() - began) / 1000,
    errors: diagnostics.map(({ code, messageText }) => `TS${String(code)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  };
}
