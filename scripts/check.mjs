// `npm test` and `pnpm check`: every gate and every test, none skipped because an earlier one failed.
// The last line is always `N passed, N failed`; a gate that fails counts as one failure.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { gates } from './gates.mjs';
import { root } from './root.mjs';

const RESULTS = 'node_modules/.cache/jest-results.json';
process.chdir(root);
mkdirSync('node_modules/.cache', { recursive: true });
rmSync(RESULTS, { force: true });

const running = new Set();
let interrupted = false;

/** Ends what runs; the tests that did run are still counted. */
function interrupt(signal) {
  if (interrupted) return;
  interrupted = true;
  process.exitCode = 128 + constants.signals[signal];
  // Ctrl-C has reached them already.
  if (signal !== 'SIGINT') for (const child of running) child.kill('SIGTERM');
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt(signal));
process.once('disconnect', () => interrupt('SIGTERM'));
// Listening alone would keep us from ending.
process.channel?.unref();

/** Runs node with these arguments; resolves to its exit code. jest's set-up listens for the end of the channel, which is ours. */
function node(args, stdio) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: [...stdio, 'ipc'] });
    running.add(child);
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      running.delete(child);
      process.stdout.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}

async function runGate([name, args]) {
  const began = performance.now();
  const code = await node(args, ['ignore', 'pipe', 'pipe']);
  console.log(`gate ${name}: ${code === 0 ? 'ok' : 'FAILED'} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return code === 0;
}

/** Two at a time: the compiler and the linter use one core each, and the tests want the machine for themselves. */
async function runGates() {
  const waiting = Object.entries(gates);
  const failed = [];
  const lane = async () => {
    for (let gate = waiting.shift(); gate !== undefined && !interrupted; gate = waiting.shift()) {
      if (!(await runGate(gate))) failed.push(gate[0]);
    }
  };
  await Promise.all([lane(), lane()]);
  return failed;
}

/** Counts from jest's own report; a file that could not even be loaded is a failure though no test of it ran. */
function countTests() {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(RESULTS, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

const failedGates = await runGates();
const jest = interrupted ? 1 : await node(['node_modules/jest/bin/jest.js', '--json', `--outputFile=${RESULTS}`, ...process.argv.slice(2)], ['ignore', 'ignore', 'inherit']);
const { passed, failed } = countTests();
if (failedGates.length > 0) console.log(`\ngates that failed: ${failedGates.join(', ')}`);
// Nothing of its own failed, and still jest did: the servers could not be had, or it was ended from outside.
const jestItself = jest !== 0 && failed === 0 ? 1 : 0;
if (jestItself === 1) console.log(`\njest ended with exit code ${jest} before it could report its tests; its own message stands above.`);
const failures = failed + failedGates.length + jestItself;
if (failures > 0) process.exitCode ||= 1;
console.log(`\n${passed} passed, ${failures} failed`);
