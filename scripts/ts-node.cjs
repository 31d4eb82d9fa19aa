// Runs TypeScript from source: `node --conditions=@ormolu/source --require ./scripts/ts-node.cjs file.ts`.
// Types are not checked here (`pnpm typecheck` does), so that a start costs a fraction of a second.
const { join } = require('node:path');

require('ts-node').register({
  cwd: join(__dirname, '..'),
  project: join(__dirname, '..', 'tsconfig.json'),
  transpileOnly: true,
  transpiler: join(__dirname, 'kept-transpiler.cjs'),
  compilerOptions: { target: 'es2022', module: 'node16', sourceMap: true, isolatedDeclarations: false },
});
