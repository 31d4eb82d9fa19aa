// `node scripts/run.mjs soak [--reads N] [--seed N] [--shared redis|memcached|cluster|ring] [--remote] [--bugs [--only PART]]`: worker processes that read through their caches, beside writers in plain SQL, for
// as long as is wanted. With --bugs the engine is broken in one way after the other, and each must be found.
import { parseArgs } from 'node:util';
import { startServices } from '@ormolu/test-support';
import { bugs } from './read-bugs';
import { soak, type SoakOptions } from './director';
import { soakFigures } from './figures';
import type { SharedKind } from './ladder';

const SECOND_MS = 1_000;
/** Longer than that nobody waits for a number of reads. */
const LONGEST_MS = 6 * 60 * 60 * SECOND_MS;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { reads: { type: 'string', default: '100000' }, seed: { type: 'string' }, shared: { type: 'string' }, remote: { type: 'boolean', default: false }, bugs: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } });
  const reads = Number(values.reads);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const { shared, remote } = values;
  if (!(reads > 0) || !Number.isInteger(seed) || !isKind(shared)) throw new RangeError('Usage: soak [--reads N] [--seed N] [--shared redis|memcached|cluster|ring] [--remote] [--bugs [--only PART]]');
  const services = await startServices();
  try {
    process.stdout.write(`seed ${String(seed)}\n`);
    process.exitCode = values.bugs ? await findBugs({ reads, seed, shared, remote }, values.only) : await run({ reads, seed, shared, remote });
  } finally {
    await services.stop();
  }
}

function isKind(shared: string | undefined): shared is SharedKind | undefined {
  return shared === undefined || ['redis', 'memcached', 'cluster', 'ring'].includes(shared);
}

async function run(how: Omit<SoakOptions, 'maxMs'>): Promise<number> {
  const result = await soak({ ...how, maxMs: LONGEST_MS });
  process.stdout.write(`${soakFigures(result)}\n${result.differences.join('\n')}\n`);
  return result.differences.length === 0 ? 0 : 1;
}

async function findBugs(how: Omit<SoakOptions, 'maxMs'>, only: string): Promise<number> {
  const tried = bugs.filter(({ name }) => name.includes(only));
  let missed = 0;
  for (const { name, shared, alteredEach } of tried) {
    const result = await soak({ ...how, ...(shared ? { shared: how.shared ?? 'redis' } : {}), alteredEach, maxMs: LONGEST_MS, bug: name });
    const isFound = result.differences.length > 0;
    if (!isFound) missed += 1;
    process.stdout.write(`${isFound ? 'found within' : 'MISSED in   '} ${String(result.reads).padStart(6)} reads  ${name}\n`);
  }
  process.stdout.write(`${String(tried.length - missed)} of ${String(tried.length)} found\n`);
  return missed === 0 ? 0 : 1;
}

void main();
