import type * as Engine from '@electric-sql/pglite';
import { runInThisContext } from 'node:vm';

/**
 * Loads PGlite, which starts by `import()`, outside of any module sandbox.
 *
 * Jest runs modules in a context of its own where `import()` wants a flag of Node; the process's own `require` does not, so that
 * users can test on the embedded database with nothing set up. Outside of a sandbox this is plain `require`.
 */
export function loadEngine(): typeof Engine {
  const outside = runInThisContext('process') as NodeJS.Process; // what it says
  // Typed by the import above, which is erased.
  return outside.getBuiltinModule('node:module').createRequire(__filename)('@electric-sql/pglite') as typeof Engine;
}
