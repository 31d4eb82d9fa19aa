/** Compilers make much that dies young: with room for it, a tenth less time goes into moving it. */
const ROOM = '--max-semi-space-size=64';

/** What must hold before a change lands, besides the tests: name → node's arguments. `check.mjs` runs them all, the longest first; `pnpm NAME` runs one. */
export const gates = {
  lint: [ROOM, 'node_modules/eslint/bin/eslint.js', '.'],
  // Sources, tests, examples and benches as one program; `*.test-d.ts` files are tests that need only compile.
  typecheck: [ROOM, 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  // The packages one by one, each seeing only those it declares, under `isolatedDeclarations`; then their ESM entries.
  build: ['scripts/build.mjs'],
  arrows: ['scripts/check-arrows.mjs'],
};
