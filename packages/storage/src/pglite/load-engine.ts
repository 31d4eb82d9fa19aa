import type * as Engine from '@electric-sql/pglite';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

/** PGlite, and which release of it. */
export interface LoadedEngine {
  readonly engine: typeof Engine;
  readonly version: string;
}

/**
 * Loads PGlite, which starts by `import()`, outside of any module sandbox.
 *
 * Jest runs modules in a context of its own where `import()` wants a flag of Node; the process's own `require` does not, so that
 * users can test on the embedded database with nothing set up. Outside of a sandbox this is plain `require`.
 */
export function loadEngine(): LoadedEngine {
  const outside = runInThisContext('process') as NodeJS.Process; // what it says
  const require = outside.getBuiltinModule('node:module').createRequire(__filename);
  // It does not export its package.json, which stands above what it does export.
  const { version } = JSON.parse(readFileSync(join(require.resolve('@electric-sql/pglite'), '..', '..', 'package.json'), 'utf8')) as { readonly version: string };
  // Typed by the import above, which is erased.
  return { engine: require('@electric-sql/pglite') as typeof Engine, version };
}
