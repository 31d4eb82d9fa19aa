/** What must hold before a change lands, besides the tests: name → node's arguments. `check.mjs` runs them all, the longest first; `pnpm NAME` runs one. */
export const gates = {
  lint: ['node_modules/eslint/bin/eslint.js', '.'],
  // Sources, tests, examples and benches as one program; `*.test-d.ts` files are tests that need only compile.
  typecheck: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  // The packages one by one, each seeing only those it declares, under `isolatedDeclarations`; then their ESM entries.
  build: ['scripts/build.mjs'],
  arrows: ['scripts/check-arrows.mjs'],
};
