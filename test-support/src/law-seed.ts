import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const VARIABLE = 'ORMOLU_SEED';
/** What laws are about: another state of these tries other scripts. */
const FOLDERS = ['src', 'test'];

/**
 * The seed from which every law of a run draws its scripts, and from which tests of several processes draw theirs.
 *
 * It follows from the sources, so that what passed once passes again and what failed fails again, while every change of the code tries
 * scripts that nobody has tried. `ORMOLU_SEED=n` repeats a run; `ORMOLU_SEED=random` tries others.
 * @param packages - the folder of the packages whose sources decide when the variable is not set
 * @throws {RangeError} when the variable is neither a whole number below 2³¹ nor `random`
 */
export function chooseSeed(packages: string): number {
  const text = process.env[VARIABLE] ?? '';
  if (text === 'random') return Math.floor(Math.random() * 2 ** 31);
  if (text === '') return seedOfSources(packages);
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) throw new RangeError(`${VARIABLE} is '${text}'; give a whole number from 0 to 2147483647, or random.`);
  return seed;
}

/** The seed of this run, as it was chosen before the first test. */
export function lawSeed(): number {
  return Number(process.env[VARIABLE]);
}

function seedOfSources(packages: string): number {
  const hash = createHash('sha256');
  for (const name of readdirSync(packages).sort()) {
    for (const folder of FOLDERS) {
      for (const file of sourcesIn(join(packages, name, folder))) hash.update(file).update(readFileSync(join(packages, name, folder, file)));
    }
  }
  return hash.digest().readUInt32BE() >>> 1;
}

/** None for a folder that is not there: a package need not have both. */
function sourcesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).sort();
}
