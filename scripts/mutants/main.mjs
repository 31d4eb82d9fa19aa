// `pnpm mutants [--minutes N] [--seed N] [--file PART]`: breaks packages/cache/src in every way mutate.mjs knows, one way at a time, and
// counts how many of the broken copies the package's own tests notice. Exit code 1 below 95 %.
import { fork } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRequire } from 'node:module';
import { root } from '../root.mjs';
import { mutantsOf } from './mutate.mjs';

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, file: { type: 'string', default: '' } } });
const WANTED = 0.95;
/** A mutant that makes a loop endless is noticed by the time it takes. */
const TIMEOUT_MS = 20_000;
const SKIPPED = new Set(['index.ts', 'shapes.ts', 'errors.ts']);
const here = fileURLToPath(new URL('.', import.meta.url));
const equivalents = JSON.parse(readFileSync(join(here, 'equivalents.json'), 'utf8'));
const cachePackage = join(root, 'packages', 'cache');
const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
const ends = Date.now() + Number(options.minutes) * 60_000;

function prepareCopy() {
  cpSync(join(cachePackage, 'src'), join(folder, 'src'), { recursive: true });
  cpSync(join(cachePackage, 'test'), join(folder, 'test'), { recursive: true });
  symlinkSync(join(cachePackage, 'node_modules'), join(folder, 'node_modules'));
  const require = createRequire(import.meta.url);
  const shared = require(join(root, 'jest.config.js'));
  const transform = Object.fromEntries(Object.entries(shared.transform).map(([pattern, [name, config]]) => [pattern, [require.resolve(name), config]]));
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify({
    rootDir: folder, testSequencer: join(here, 'sequencer.cjs'), testMatch: ['**/test/**/*.test.ts'], testEnvironmentOptions: shared.testEnvironmentOptions, transform,
    moduleNameMapper: { '^@ormolu/cache$': '<rootDir>/src/index.ts', '^@ormolu/cache/testing$': '<rootDir>/src/testing/index.ts' },
  }));
}

/** Numbers that look random and are the same for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function allMutants() {
  const src = join(cachePackage, 'src');
  const files = readdirSync(src).filter((name) => name.endsWith('.ts') && !SKIPPED.has(name) && name.includes(options.file));
  const random = randomFrom(Number(options.seed));
  return files
    .flatMap((name) => {
      const source = readFileSync(join(src, name), 'utf8');
      return mutantsOf(name, source).map((mutant) => ({ name, source, ...mutant, order: random() }));
    })
    .sort((a, b) => a.order - b.order);
}

const reasonOf = ({ name, code, what }) =>
  equivalents.find((one) => one.file === name && code.includes(one.code) && (one.what === undefined || what.includes(one.what)))?.because;

// Ended from outside, the copy goes too.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    worker?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}

let worker;
function startWorker() {
  return new Promise((resolve) => {
    worker = fork(join(here, 'worker.mjs'), [folder], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: ['--max-old-space-size=1500'] });
    worker.once('message', resolve);
  });
}

async function isKilled(thorough) {
  if (worker === undefined || worker.exitCode !== null || !worker.connected) await startWorker();
  const own = worker;
  return new Promise((resolve) => {
    const done = (answer) => {
      clearTimeout(timer);
      own.removeAllListeners();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      own.kill('SIGKILL');
      worker = undefined;
      done(true);
    }, TIMEOUT_MS);
    own.once('message', (message) => done(message.isKilled));
    own.once('exit', () => {
      worker = undefined;
      done(true);
    });
    own.send({ thorough });
  });
}

try {
  prepareCopy();
  const mutants = allMutants();
  const tested = { killed: 0, survivors: [], equivalent: 0, total: 0 };
  console.log(`${mutants.length} mutants of packages/cache/src; seed ${options.seed}, at most ${options.minutes} minutes`);
  if (await isKilled(true)) throw new Error('The tests fail on the unbroken copy; mend them first.');
  for (const mutant of mutants) {
    if (Date.now() > ends) break;
    if (reasonOf(mutant) !== undefined) {
      tested.equivalent += 1;
      continue;
    }
    const path = join(folder, 'src', mutant.name);
    writeFileSync(path, mutant.source.slice(0, mutant.start) + mutant.text + mutant.source.slice(mutant.end));
    const killed = (await isKilled(false)) || (await isKilled(true));
    writeFileSync(path, mutant.source);
    tested.total += 1;
    if (killed) tested.killed += 1;
    else {
      tested.survivors.push(mutant);
      console.log(`survived  ${mutant.name}:${mutant.line}  ${mutant.what}  |  ${mutant.code}`);
    }
    if (tested.total % 50 === 0) console.log(`${tested.killed}/${tested.total} killed`);
  }
  const share = tested.killed / Math.max(1, tested.total);
  const left = mutants.length - tested.total - tested.equivalent;
  console.log(`${tested.killed}/${tested.total} mutants killed (${(share * 100).toFixed(1)} %), ${tested.equivalent} known equivalents left out${left > 0 ? `, ${left} not reached in time` : ''}`);
  process.exitCode = share >= WANTED ? 0 : 1;
} finally {
  worker?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
