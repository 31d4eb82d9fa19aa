// Packs every package as it would be published and looks at the tarball with a user's eyes: publint at its manifest, attw at the types
// that each way of importing it would find.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNPM } from './install.mjs';
import { root } from './root.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const folder = mkdtempSync(join(tmpdir(), 'ormolu-pack-'));
let failed = 0;
try {
  // What a file left behind when it was renamed must not be published.
  for (const name of readdirSync(join(root, 'packages'))) rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true });
  execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  for (const name of readdirSync(join(root, 'packages'))) {
    // pnpm and not npm: it turns `workspace:*` into versions.
    execFileSync('npx', ['-y', PNPM, 'pack', '--pack-destination', folder], { cwd: join(root, 'packages', name), stdio: ['ignore', 'ignore', 'inherit'] });
  }
  for (const tarball of readdirSync(folder)) {
    const path = join(folder, tarball);
    // Old resolution knows no subpath exports; whoever still uses it can import the main entry.
    for (const [tool, args] of [['publint', ['run', path, '--strict']], ['attw', [path, '--profile', 'node16', '--format', 'ascii']]]) {
      const { status, stdout, stderr } = spawnSync(bin(tool), args, { encoding: 'utf8' });
      console.log(`${tool} ${tarball}: ${status === 0 ? 'ok' : 'FAILED'}`);
      if (status === 0) continue;
      failed += 1;
      console.log(stdout, stderr);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
