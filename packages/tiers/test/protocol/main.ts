// `node scripts/run.mjs explore [--only TEXT]`: the larger worlds of the protocol's model, each gone through to its end, however long that takes; an hour and some gigabytes of memory at most.
import { parseArgs } from 'node:util';
import { explore } from './explore';
import { LARGER_WORLDS, WORLDS } from './worlds';

const MS = 1_000;
/** How often it is said how far it has come. */
const TOLD_MS = 15 * MS;

function main(): void {
  const { values: { only } } = parseArgs({ options: { only: { type: 'string', default: '' } } });
  for (const [name, bounds] of Object.entries({ ...WORLDS, ...LARGER_WORLDS }).filter(([one]) => one.includes(only))) {
    const began = Date.now();
    let told = began;
    const { worlds, depth, hits, violation } = explore({
      bounds,
      onStep: (known, front) => {
        if (Date.now() - told < TOLD_MS) return;
        told = Date.now();
        process.stderr.write(`  ${name}: ${String(known)} worlds, ${String(front)} of them to go on from\n`);
      },
    });
    process.stdout.write(`${name}: ${violation ? `WRONG\n  ${violation.join('\n  ')}` : 'all right'}; ${String(worlds)} worlds, ${String(depth)} steps at most, ${String(hits)} hits, ${((Date.now() - began) / MS).toFixed(0)} s\n`);
    if (violation) process.exitCode = 1;
  }
}

main();
