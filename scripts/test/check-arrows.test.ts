import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

let root: string;
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'ormolu-arrows-')); });
afterEach(() => rmSync(root, { recursive: true }));

/** A workspace of the given files, where every package that has a source also has the manifest and tsconfig it should have. */
function workspace(files: Record<string, string>): void {
  const whole: Record<string, string> = {};
  for (const path of Object.keys(files)) {
    const name = path.split('/')[1]!;
    whole[`packages/${name}/package.json`] = JSON.stringify({ name: `@ormolu/${name}` });
    whole[`packages/${name}/tsconfig.json`] = '{}';
  }
  for (const [path, text] of Object.entries({ ...whole, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function check(): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, '..', 'check-arrows.mjs'), root], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

test('a tree that keeps the rules is clean, type-only and deferred rings included', () => {
  workspace({
    'packages/kernel/src/a.ts': "import type { B } from './b';\nimport { readFileSync } from 'node:fs';\nexport const a: B | undefined = undefined; void readFileSync;",
    'packages/kernel/src/b.ts': "import { a } from './a';\nexport type B = number; export const later = () => import('./a'); void a;",
    'packages/cache/package.json': '{"name":"@ormolu/cache","dependencies":{"@ormolu/kernel":"workspace:*"}}',
    'packages/cache/tsconfig.json': '{"references":[{"path":"../kernel"}]}',
    'packages/cache/src/a.ts': "export { a } from '@ormolu/kernel';",
  });
  expect(check()).toEqual({ code: 0, said: 'arrows: clean\n' });
});

test.each<[rule: string, files: Record<string, string>, said: string]>([
  ['an import against the arrows', { 'packages/cache/src/a.ts': "import type { X } from '@ormolu/registry';\nexport type Y = X;" }, 'cache may not import registry'],
  ['the same in a type position', { 'packages/cache/src/a.ts': "export type Y = import('@ormolu/registry').X;" }, 'cache may not import registry'],
  ['a deferred one', { 'packages/kernel/src/a.ts': "export const later = () => import('@ormolu/storage/memory');" }, 'kernel may not import storage'],
  ['a dependency against the arrows', { 'packages/cache/package.json': '{"name":"@ormolu/cache","dependencies":{"@ormolu/storage":"workspace:*"}}', 'packages/cache/src/a.ts': '' }, 'cache may not depend on storage'],
  ['a reference that the manifest lacks', { 'packages/cache/tsconfig.json': '{"references":[{"path":"../kernel"}]}', 'packages/cache/src/a.ts': '' }, 'kernel stands in only one of'],
  ['an undeclared third package', { 'packages/kernel/src/a.ts': "import fc from 'fast-check';\nexport const x = fc;" }, "'fast-check' is not among the dependencies"],
  ['a ring that runs', { 'packages/kernel/src/a.ts': "import './b';", 'packages/kernel/src/b.ts': "import './a';" }, 'run-time cycle: a.ts -> b.ts -> a.ts'],
  ['a reach into another package', { 'packages/kernel/src/a.ts': "import '../../cache/src/b';", 'packages/cache/src/b.ts': '' }, 'reaches outside its package'],
  ['a package without a place', { 'packages/shop/src/a.ts': '' }, 'no row in MAY_IMPORT'],
])('%s is found', (_rule, files, said) => {
  workspace(files);
  const { code, said: all } = check();
  expect(all).toContain(said);
  expect(code).toBe(1);
});
