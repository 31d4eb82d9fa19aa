import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** Runs the tour as `npm start` does. */
function tour(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', 'examples/tour/main.ts', ...args], { cwd: root, encoding: 'utf8' });
}

function steps(stdout: string): Map<string, Step> {
  // What the tour prints for machines; its shape is what the test checks.
  const { steps: all } = JSON.parse(stdout) as { steps: readonly Step[] };
  return new Map(all.map((step) => [step.name, step]));
}

test('the tour does its job on all records in a bounded number of statements, and a second one finds them there', () => {
  const first = tour('--json', '--data', directory);
  expect([first.status, first.stderr]).toEqual([0, '']);
  const did = steps(first.stdout);
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

test('what is piped is plain text, without a bar or colours', () => {
  const { stdout } = tour('--help');
  expect(stdout).not.toContain('\u001b');
});
