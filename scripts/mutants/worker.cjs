// A warm process that says of one broken copy after the other whether a test notices it. Started by main.mjs.
const { readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { expect } = require('expect');
const fc = require('fast-check');
const { freshModules, root } = require('./loader.cjs');

const TESTS = join(root, 'packages/cache/test');
/** It weighs memory, for seconds, and can say nothing of a process in which much else happened. */
const LEFT_OUT = ['memory.test.ts'];

/** The recorded traces of the cache. */
const DATA = join(root, 'oracle/data');
const TRACES = readdirSync(DATA).filter((file) => file.startsWith('cache-traces')).map((source) => ({ source, data: JSON.parse(readFileSync(join(DATA, source), 'utf8')) }));

/** Runs of each law: few find nearly all that many would. */
const FEW = '40';
const MANY = '400';

// The same scripts for every copy, so that a survivor survives again.
fc.configureGlobal({ seed: 20_261_121, endOnFailure: true }); // nobody reads the smallest script that fails
process.env.ORMOLU_SEED = '20261121';
console.log = () => undefined;
globalThis.expect = expect;

/** All tests against one copy, in the order of their files. */
function collectTests(broken) {
  const tests = [];
  const test = (name, run) => tests.push({ name, run });
  test.each = (rows) => (name, run) => rows.forEach((row, at) => test(`${name} ${at}`, () => (Array.isArray(row) ? run(...row) : run(row))));
  globalThis.test = test;
  globalThis.describe = (_name, define) => define();
  const load = freshModules(broken);
  for (const file of readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).sort()) {
    if (file.endsWith('.test.ts') && !LEFT_OUT.includes(file)) load(join(TESTS, file));
  }
  for (const { source, data } of TRACES) {
    test(source, async () => {
      const { cacheTraces } = load(join(root, 'oracle/formats/cache-traces.ts'));
      const { Departures } = load(join(root, 'oracle/departures.ts'));
      for (const scenario of cacheTraces.scenarios(data, source)) expect(await scenario.run(new Departures().of(scenario.name))).toBeUndefined();
    });
  }
  return tests;
}

async function passes({ run }) {
  expect.setState({ assertionCalls: 0, expectedAssertionsNumber: null, isExpectingAssertions: false });
  try {
    await run();
    return expect.extractExpectedAssertionsErrors().length === 0;
  } catch {
    return false;
  }
}

/** Places of tests, those that take least time first: the first that fails ends the run of a copy. */
let order = [];

/** Runs all tests on the unbroken sources. @returns the names of those that fail */
async function measure() {
  process.env.ORMOLU_LAW_RUNS = FEW;
  const tests = collectTests();
  const failing = [];
  const times = [];
  for (const one of tests) {
    const began = performance.now();
    if (!(await passes(one))) failing.push(one.name);
    times.push(performance.now() - began);
  }
  order = times.map((_, at) => at).sort((a, b) => times[a] - times[b]);
  return failing;
}

/** The name of a test that fails on a broken copy. */
async function killerOf({ broken, thorough }) {
  process.env.ORMOLU_LAW_RUNS = thorough ? MANY : FEW;
  let tests;
  try {
    tests = collectTests(broken);
  } catch {
    return 'loading';
  }
  for (const at of order) {
    const one = tests[at];
    if (one === undefined) return 'number of tests';
    if (!(await passes(one))) return one.name;
  }
  return undefined;
}

process.on('unhandledRejection', () => undefined);
process.on('disconnect', () => process.exit(1));
process.on('message', async (request) => {
  if (request.order !== undefined) order = request.order;
  else process.send(request === 'measure' ? { failing: await measure(), order } : { killer: await killerOf(request) });
});
process.send({ ready: true });
