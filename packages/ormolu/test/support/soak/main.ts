// `node scripts/run.mjs soak [--reads N] [--seed N] [--bugs]`: worker processes that read through their caches, beside writers in plain SQL, for as
// long as is wanted. With --bugs the engine is broken in one way after the other, and each must be found.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '@ormolu/test-support';
import { soak, type SoakResult } from './director';

const SECOND_MS = 1_000;
/** Longer than that nobody waits for a number of reads. */
const LONGEST_MS = 6 * 60 * 60 * SECOND_MS;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { reads: { type: 'string', default: '100000' }, seed: { type: 'string' }, bugs: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } });
  const reads = Number(values.reads);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!(reads > 0) || !Number.isInteger(seed)) throw new RangeError('Usage: soak [--reads N] [--seed N] [--bugs] [--only PART]');
  const services = await startServices();
  try {
    process.stdout.write(`seed ${String(seed)}\n`);
    process.exitCode = values.bugs ? await findBugs(reads, seed, values.only) : await run(reads, seed);
  } finally {
    await services.stop();
  }
}

async function run(reads: number, seed: number): Promise<number> {
  const result = await soak({ reads, seed, maxMs: LONGEST_MS });
  process.stdout.write(`${told(result)}\n${result.differences.join('\n')}\n`);
  return result.differences.length === 0 ? 0 : 1;
}

async function findBugs(reads: number, seed: number, only: string): Promise<number> {
  const bugs = (JSON.parse(readFileSync(join(__dirname, 'bugs.json'), 'utf8')) as readonly { readonly name: string; readonly with?: string }[]).filter((bug) => bug.with === undefined && bug.name.includes(only)); // our own file
  let missed = 0;
  for (const { name } of bugs) {
    const result = await soak({ reads, seed, maxMs: LONGEST_MS, bug: name });
    if (result.differences.length === 0) missed += 1;
    process.stdout.write(`${result.differences.length === 0 ? 'MISSED' : 'found '} ${name}: ${told(result)}\n`);
  }
  process.stdout.write(`${String(bugs.length - missed)} of ${String(bugs.length)} found\n`);
  return missed === 0 ? 0 : 1;
}

function told({ reads, hits, fresh, undecided, differences, kills, stops, foreignWrites, transactions, commits, ms }: SoakResult): string {
  const share = (part: number, whole: number): string => `${(100 * part / Math.max(1, whole)).toFixed(0)} %`;
  return `${String(reads)} answers compared in ${(ms / SECOND_MS).toFixed(0)} s, ${share(hits, reads)} of them hits, of which ${share(fresh, hits)} on records another changed within the last second; `
    + `${String(differences.length)} differences, ${String(undecided)} undecided; ${String(commits)} of ${String(transactions)} transactions committed, ${String(foreignWrites)} foreign writes, ${String(kills)} kills, ${String(stops)} stops`;
}

void main();
