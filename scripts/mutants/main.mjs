// `pnpm mutants [--file PART] [--survivors] [--fresh]`: breaks packages/cache/src in every way mutate.mjs knows, one way at a time, and counts
// how many of the broken copies the package's own tests and the oracle notice. What is known of the same sources and tests is not tried
// again; an interrupted run goes on where it was. Exit code 1 below 95 %.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../root.mjs';
import { mutantsOf } from './mutate.mjs';
import { WarmWorker } from './warm-worker.mjs';

const USAGE = `Usage: pnpm mutants [--file PART] [--survivors] [--fresh]
  --file       only files of packages/cache/src whose names hold PART
  --survivors  try again only those that survived last time and are not listed as equivalent, whatever was changed in tests since
  --fresh      try all again`;
const WANTED = 0.95;
const WORKERS = 2;
const SOURCES = join(root, 'packages/cache/src');
const STATE = join(root, '.cache/mutants.json');
/** Lists of names, types, and texts of messages. */
const SKIPPED = ['index.ts', 'shapes.ts', 'errors.ts'];

function readArguments() {
  try {
    return parseArgs({ options: { file: { type: 'string', default: '' }, survivors: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(1);
  }
}

/** Every file that decides whether a mutant is noticed. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const folder of ['packages/cache/src', 'packages/cache/test', 'oracle/data', 'oracle/formats', 'scripts/mutants']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (folder.startsWith('oracle') && !file.startsWith('cache-traces')) continue;
      if (file === 'equivalents.json' || !/\.\w+$/.test(file)) continue; // a folder
      hash.update(file).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest('hex');
}

function allMutants(part) {
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.ts') && !SKIPPED.includes(name) && name.includes(part)).sort();
  return files.flatMap((name) => {
    const source = readFileSync(join(SOURCES, name), 'utf8');
    return mutantsOf(name, source).map(({ start, end, text, what, line, code }) => ({
      // By what stands there, not by where: a survivor is found again after lines above it have moved.
      key: createHash('sha256').update(`${name} ${what} ${source.slice(Math.max(0, start - 80), end + 80)}`).digest('hex').slice(0, 16),
      name, what, line, code, broken: { path: join(SOURCES, name), source: source.slice(0, start) + text + source.slice(end) },
    }));
  });
}

/** What is known from before: mutant → what noticed it, or null for a survivor. */
function readKnown({ fresh, survivors }, print, mutants) {
  if (fresh) return new Map();
  try {
    const { print: before, outcomes } = JSON.parse(readFileSync(STATE, 'utf8'));
    if (before === print) return new Map(Object.entries(outcomes));
    const listed = new Set(mutants.filter((mutant) => equivalentTo(mutant) !== undefined).map(({ key }) => key));
    if (survivors) return new Map(Object.entries(outcomes).filter(([key, killer]) => killer !== null || listed.has(key)));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return new Map();
}

const equivalents = JSON.parse(readFileSync(join(root, 'scripts/mutants/equivalents.json'), 'utf8'));
const equivalentTo = ({ name, code, what }) => equivalents.find((one) => one.file === name && code.includes(one.code) && (one.what === undefined || what.includes(one.what)));

async function tryAll(mutants, known, save) {
  // Those listed as equivalent last: they take longest and decide least.
  const untried = mutants.filter(({ key }) => !known.has(key)).sort((a, b) => Number(equivalentTo(a) !== undefined) - Number(equivalentTo(b) !== undefined));
  console.log(`${mutants.length} mutants of packages/cache/src, ${untried.length} to try`);
  if (untried.length === 0) return;
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => WarmWorker.start()));
  // A copy that runs for ever hears nothing: whoever ends us must end it.
  const end = (code) => {
    for (const worker of workers) worker.stop();
    save();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(128 + constants.signals[signal]));
  process.once('disconnect', () => end(1));
  process.channel?.unref();
  let done = 0;
  try {
    await Promise.all(workers.map(async (worker) => {
      for (let mutant = untried.shift(); mutant !== undefined; mutant = untried.shift()) {
        let killer = await worker.killerOf(mutant.broken, { thorough: false });
        if (killer === undefined && equivalentTo(mutant) === undefined) killer = await worker.killerOf(mutant.broken, { thorough: true });
        known.set(mutant.key, killer ?? null);
        done += 1;
        if (done % 10 === 0) save();
        if (done % 50 === 0) console.log(`${done} tried, ${untried.length} left`);
      }
    }));
  } finally {
    for (const worker of workers) worker.stop();
    save();
  }
}

const options = readArguments();
const print = fingerprint();
const mutants = allMutants(options.file);
const known = readKnown(options, print, mutants);
await tryAll(mutants, known, () => {
  mkdirSync(dirname(STATE), { recursive: true });
  writeFileSync(STATE, JSON.stringify({ print, outcomes: Object.fromEntries(known) }));
});

const alive = mutants.filter(({ key }) => known.get(key) === null);
const survived = alive.filter((mutant) => equivalentTo(mutant) === undefined);
for (const { name, line, what, code } of survived) console.log(`survived  ${name}:${line}  ${what}  |  ${code}`);
const used = new Set(alive.map(equivalentTo));
for (const one of equivalents) {
  if (options.file === '' && !used.has(one)) console.log(`not needed in equivalents.json: ${one.file}  ${one.code}`);
}
const killed = mutants.length - alive.length;
const share = killed / Math.max(1, killed + survived.length);
console.log(`${killed} killed, ${survived.length} survived, ${alive.length - survived.length} equivalent: ${(share * 100).toFixed(1)} % of ${killed + survived.length} noticed`);
process.exitCode = share >= WANTED ? 0 : 1;
