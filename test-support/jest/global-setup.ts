import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chooseSeed } from '../src/law-seed';
import { startServices, type Services } from '../src/start-services';

declare global {
  // What the teardown stops; jest loads the two files apart, and this is how it has them share.
  var ormoluServices: Services | undefined;
}

/** Before the first test file: the seed of laws and the servers, once for all workers, which find them through the environment. */
export default async function setUp(): Promise<void> {
  // Started by `npm test`, we end when that is killed; started by hand there is no channel, and nothing to hear.
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
  // Each embedded database of a test would take seconds to make its catalog. Nothing has made the folder where jest is the first to run.
  const kept = join(__dirname, '../../node_modules/.cache');
  mkdirSync(kept, { recursive: true });
  process.env['ORMOLU_PGLITE_IMAGES'] ??= join(kept, 'pglite');
  const seed = chooseSeed(join(__dirname, '../../packages'));
  process.env['ORMOLU_SEED'] = String(seed);
  console.error(`laws draw from seed ${seed}: ORMOLU_SEED=${seed} repeats this run, ORMOLU_SEED=random tries others`);
  try {
    globalThis.ormoluServices = await startServices();
  } catch {
    // The one line that says what to do is printed; jest would bury it under a stack trace.
    process.exit(1);
  }
}
