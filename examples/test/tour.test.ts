import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ormolu-tour-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Step {
  readonly name: string;
  readonly figures: Readonly<Record<string, number | boolean>>;
}

/** What came of a tour. */
interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', 'examples/tour/main.ts'];

/** Runs the tour as `npm start` does. */
function tour(...args: readonly string[]): Ended {
  return spawnSync(process.execPath, [...PROGRAM, ...args], { cwd: root, encoding: 'utf8' });
}

/** Runs the tour and presses Ctrl-C when the load is under way. */
function interruptedTour(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...PROGRAM, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const wasLoading = stderr.includes('loading');
    stderr += chunk.toString();
    if (!wasLoading && stderr.includes('loading')) child.kill('SIGINT');
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
}

function steps(stdout: string): Map<string, Step> {
  // What the tour prints for machines; its shape is what the test checks.
  const { steps: all } = JSON.parse(stdout) as { steps: readonly Step[] };
  return new Map(all.map((step) => [step.name, step]));
}

test('a file in place of the data directory is one clear error, and the file is kept', () => {
  const file = join(directory, 'data');
  writeFileSync(file, 'mine');
  const { status, stderr } = tour('--data', file);
  expect(status).toBe(1);
  expect(stderr.trim()).toMatch(/^STORAGE_DATA_DIR: .*it is a file/);
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('a data directory that holds something else is one clear error, and it is kept', () => {
  mkdirSync(join(directory, 'photos'));
  const { status, stderr } = tour('--data', directory);
  expect(status).toBe(1);
  expect(stderr.trim()).toMatch(/^STORAGE_DATA_DIR: .*no PostgreSQL database/);
});

test('an argument that does not exist says how to ask for help', () => {
  const { status, stderr } = tour('--jsn');
  expect(status).not.toBe(0);
  expect(stderr).toContain('--help');
  expect(tour('--help')).toMatchObject({ status: 0, stderr: '' });
});

test('a place that nobody may write to is one clear error, and nothing of it on stdout', () => {
  const locked = join(directory, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o555);
  // Rights do not hold root back; a file system of the kernel does.
  const { status, stdout, stderr } = tour('--json', '--data', process.getuid?.() === 0 ? '/sys/ormolu-tour' : locked);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr.trim()).toMatch(/^STORAGE_DATA_DIR: .*(cannot be made|may not write there)/);
});

test('a damaged database is one clear error, and its files are kept', () => {
  writeFileSync(join(directory, 'PG_VERSION'), '18\n');
  writeFileSync(join(directory, 'postgresql.conf'), 'what is this');
  const { status, stderr } = tour('--data', directory);
  expect(status).toBe(1);
  expect(stderr.trim()).toMatch(/^STORAGE_DATA_DIR: .*cannot start from it/);
  expect(readFileSync(join(directory, 'postgresql.conf'), 'utf8')).toBe('what is this');
  expect(readdirSync(directory)).toEqual(expect.arrayContaining(['PG_VERSION', 'postgresql.conf']));
});

test('Ctrl-C in the load keeps nothing of it; the next tour does its job on all records in a bounded number of statements, and another finds them there', async () => {
  const interrupted = await interruptedTour('--data', directory);
  expect(interrupted.status).toBe(130);
  expect(interrupted.stderr).toMatch(/Interrupted\. .*\n$/);
  // What is piped is plain text.
  expect(interrupted.stdout + interrupted.stderr).not.toContain('\u001b');
  expect(existsSync(join(directory, 'ormolu.lock'))).toBe(false);

  const first = tour('--json', '--data', directory);
  expect([first.status, first.stderr]).toEqual([0, '']);
  const did = steps(first.stdout);
  expect(did.get('Open')?.figures['migrations']).toBe(0);
  expect(did.get('Load')?.figures['records']).toBeGreaterThan(150_000);
  expect(did.get('Walk')?.figures).toMatchObject({ cities: 20_000 });
  expect(did.get('Walk')?.figures['selects']).toBeLessThanOrEqual(5);
  const { statements, updates, writtenModels } = did.get('Rename')?.figures ?? {};
  expect(writtenModels).toBe(3);
  expect(updates).toBe(writtenModels);
  expect(Number(statements) - Number(updates)).toBeLessThanOrEqual(3);
  expect(did.get('Roll back')?.figures).toMatchObject({ changed: 10_000, written: true, memoryEqual: true, databaseEqual: true });
  expect(did.get('A mistake')?.figures).toMatchObject({ refused: true });

  const second = tour('--json', '--data', directory);
  expect([second.status, second.stderr]).toEqual([0, '']);
  expect(steps(second.stdout).get('Load')?.figures['records']).toBe(0);
  expect(steps(second.stdout).get('Open')?.figures['migrations']).toBe(0);
}, 180_000);
