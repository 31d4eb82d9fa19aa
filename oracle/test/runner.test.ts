import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFolder } from '../run-folder';

const root = join(__dirname, '..', '..');
const folders: string[] = [];

function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const failuresOf = async (files: Readonly<Record<string, unknown>>) =>
  (await runFolder(folderOf(files))).files.flatMap(({ failures }) => failures.map(({ scenario, difference }) => `${scenario}: ${difference}`));

const traces = (...ops: object[]) => ({
  format: 'ormolu-cache-traces/1',
  models: { m: { fields: { a: { dependsContext: [] }, t: { dependsContext: ['tone'] } }, fieldOrder: ['a', 't'] } },
  cacheKeys: [{ 'm.t': [null] }, { 'm.t': ['dark'] }],
  traces: [{ seed: 1, ops, final: null }],
});
const set = { op: 'set', model: 'm', field: 'a', ctx: 0, ids: [1], value: 5, result: null };
const get = (result: unknown) => ({ op: 'get', model: 'm', field: 'a', ctx: 0, ids: [1], result });

test('every recording of the project passes', async () => {
  const { files } = await runFolder(join(root, 'oracle', 'data'));
  expect(files.every(({ passed }) => passed > 0)).toBe(true);
  expect(files.flatMap(({ failures }) => failures)).toEqual([]);
});

test('a difference is a failure that names the trace, the step and what differs', async () => {
  expect(await failuresOf({ 'x.json': traces(set, get(6)) })).toEqual(['x/1: step 1 (get of m.a): result: expected 6, got 5']);
  expect(await failuresOf({ 'x.json': traces(set, { ...get(null), result: undefined, error: 'CacheMiss' }) })).toEqual(['x/1: step 1 (get of m.a): error: expected "CacheMiss", got nothing']);
  const file = traces(set);
  expect(await failuresOf({ 'x.json': { ...file, traces: [{ ...file.traces[0], final: { 'm.a': [[1, 6]] } }] } })).toEqual(['x/1: final state: m.a.[][0][1]: expected 6, got 5']);
  expect((await failuresOf({ 'x.json': { ...file, traces: [{ ...file.traces[0], final: { 'm.a': [[1, 5]] }, finalDirty: { 'm.a': [1] } }] } }))[0]).toMatch(/^x\/1: final dirty values: m\.a: expected/);
});

test('what cannot be replayed is a failure and never skipped', async () => {
  expect(await failuresOf({ 'x.json': traces({ ...set, op: 'fly' }) })).toEqual([expect.stringContaining("there is no operation 'fly'")]);
  expect(await failuresOf({ 'x.json': traces({ ...set, field: 'zz' }) })).toEqual([expect.stringContaining("field 'm.zz' is not among the models")]);
  expect(await failuresOf({ 'x.json': traces({ ...set, ctx: 9 }) })).toEqual([expect.stringContaining('context 9')]);
  expect(await failuresOf({ 'x.json': { format: 'ormolu-orm-scenarios/9' } })).toEqual([expect.stringContaining('"ormolu-orm-scenarios/9" is not known')]);
  expect(await failuresOf({ 'x.json': { rows: 1 } })).toEqual([expect.stringContaining('names no format')]);
  expect(await failuresOf({ 'x.json': '{ broken' })).toEqual([expect.stringContaining('SyntaxError')]);
  expect(await failuresOf({})).toEqual([expect.stringContaining('no recording')]);
  expect(await failuresOf({ 'x.json': { format: 'ormolu-structures/1', lru: [], stackmap: [], orderedset: [{ seed: 1, kind: 'Heap', ops: [], final: [] }] } })).toEqual([expect.stringContaining("kind 'Heap'")]);
});

test('a departure replaces what was recorded, and one that is not needed or not met is a failure', async () => {
  const departing = (departures: unknown, ...ops: object[]) => failuresOf({ 'x.json': traces(...ops), 'departures.json': departures });
  const at = (steps: unknown, scenario = 'x/1') => ({ [scenario]: { because: 'a reason', steps } });
  expect(await departing(at({ 1: { result: 5 } }), set, get(6))).toEqual([]);
  expect(await departing(at({ 1: { result: { any: true } } }), set, get(6))).toEqual([]);
  expect(await departing(at({ 1: { result: 7 } }), set, get(6))).toEqual([expect.stringContaining('expected 7, got 5')]);
  expect(await departing(at({ 1: { result: 5 } }), set, get(5))).toEqual([expect.stringContaining('not needed')]);
  expect(await departing(at({ 9: { result: 5 } }), set, get(5))).toEqual([expect.stringContaining('step 9, which was not compared')]);
  expect(await departing(at({}, 'y/1'), set)).toEqual([expect.stringContaining("no recording here has a scenario 'y/1'")]);
  expect(await departing({ 'x/1': { steps: {} } }, set)).toEqual([expect.stringContaining("'x/1' must be")]);
});

test('the command ends with 0 when all pass and with 1 when anything does not', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', 'oracle/main.ts', ...args], { cwd: root, encoding: 'utf8' });
  expect(run('--dir', folderOf({ 'x.json': traces(set, get(5)) }))).toMatchObject({ status: 0, stdout: 'x.json: 1 passed, 0 failed\n1 passed, 0 failed\n' });
  expect(run('--dir', folderOf({ 'x.json': traces(set, get(6)) }))).toMatchObject({ status: 1, stdout: expect.stringContaining('0 passed, 1 failed') });
  expect(run('--dir', '/nowhere')).toMatchObject({ status: 1 });
  expect(run('--fast')).toMatchObject({ status: 1, stderr: expect.stringContaining('Usage: pnpm oracle') });
});
