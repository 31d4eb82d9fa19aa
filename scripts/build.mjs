// Builds every package: one CommonJS build with declarations, and an ESM entry that re-exports it.
import { spawnSync } from 'node:child_process';
import { writeEsmEntries } from './make-esm-entry.mjs';
import { root } from './root.mjs';

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
writeEsmEntries(root);
