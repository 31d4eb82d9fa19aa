import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..', '..', '..');

test.each(['one', 'cluster', 'sentinels', 'bus'])('a process that closes what is not there ends then: %s', async (kind) => {
  // What the driver waits for of a connection that has ended already would last ten minutes.
  await promisify(execFile)(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(__dirname, '..', 'support', 'closing-process.ts'), kind], { timeout: 20_000 });
}, 30_000);
