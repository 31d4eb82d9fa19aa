const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** @type {import('jest').Config} */
module.exports = {
  roots: ['packages', 'examples', 'bench', 'oracle', 'scripts', 'test-support'].map((name) => join(__dirname, name)).filter((folder) => existsSync(folder)),
  globalSetup: '<rootDir>/test-support/jest/global-setup.ts',
  setupFiles: ['<rootDir>/test-support/jest/earlier-flows.ts', '<rootDir>/test-support/jest/law-seed.ts'],
  setupFilesAfterEnv: ['<rootDir>/test-support/jest/weighing.ts'],
  testSequencer: '<rootDir>/test-support/jest/longest-first.cjs',
  globalTeardown: '<rootDir>/test-support/jest/global-teardown.ts',
  // A data directory in the making and a busy machine together take longer than jest's five seconds.
  testTimeout: 60_000,
  maxWorkers: '100%',
  testMatch: ['**/test/**/*.test.ts'],
  // Builds stand beside the sources; without this both copies of a package.json would be one "haste" name.
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironmentOptions: { customExportConditions: ['@ormolu/source', 'node', 'node-addons', 'require', 'default'] },
  // swc reports no type errors: `pnpm typecheck` is a gate of its own.
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true }, module: { type: 'commonjs', ignoreDynamic: true }, sourceMaps: 'inline' }],
  },
};
