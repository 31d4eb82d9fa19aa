import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The one place that names the package manager's version; `packageManager` in package.json would break the frozen lockfile. */
export const PNPM = 'pnpm@12.21.0';
const STAMP = 'node_modules/.ormolu-lock';

/** Installs when the lockfile is not the one that was installed last. Costs a few milliseconds when it is. */
export function installDependencies() {
  const wanted = createHash('sha256').update(readFileSync('pnpm-lock.yaml')).update(readFileSync('pnpm-workspace.yaml')).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  // stdout belongs to the command that was asked for: `npm start -- --json` must stay machine-readable on its first run.
  const { status, error } = spawnSync('npx', ['-y', PNPM, 'install', '--frozen-lockfile', '--prefer-offline'], {
    stdio: ['ignore', process.stderr, 'inherit'], shell: process.platform === 'win32',
  });
  if (error !== undefined || status !== 0) {
    console.error(`Installing the dependencies failed${error ? `: ${error.message}` : ''}. It needs npx (part of npm) and the npm registry, once.`);
    process.exit(status || 1);
  }
  writeFileSync(STAMP, wanted);
}
