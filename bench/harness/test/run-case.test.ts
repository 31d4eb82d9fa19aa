import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CaseResult } from '../run-case';

const ROOT = join(__dirname, '..', '..', '..');
const node = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', ...args], { cwd: ROOT });

test('each kind of case comes to its known outcome, and one that breaks stops no other', async () => {
  const { stdout } = await node(join(__dirname, 'run-fixture.ts'));
  const results = new Map((JSON.parse(stdout) as CaseResult[]).map((result) => [result.name, result]));

  expect(results.get('sleeps a quarter as long')).toMatchObject({ verdict: 'ok', unit: 'ratio' });
  expect(results.get('grows tenfold')).toMatchObject({ verdict: 'SHORT', curves: [{ label: 'ours', points: [[4, expect.any(Number)], [40, expect.any(Number)]] }] });
  expect(results.get('grows half as much')).toMatchObject({ verdict: 'ok', curves: [{ label: 'ours' }, { label: 'base' }] });
  expect(results.get('grows half as much')?.figure?.median).toBeGreaterThan(0.3);
  expect(results.get('holds half')).toMatchObject({ verdict: 'ok' });
  expect(results.get('holds half')?.figure?.median).toBeCloseTo(0.5, 1);
  expect(results.get('counts')).toMatchObject({ verdict: 'ok', figure: { median: 3, min: 3, max: 3 } });
  expect(results.get('throws')).toMatchObject({ verdict: 'ERROR', error: expect.stringContaining('no figure today') });
  expect(results.get('has peers')).toMatchObject({ verdict: 'ok', rows: [{ name: 'slow', verdict: '-' }, { name: 'breaks', error: expect.stringContaining('no peer today') }] });
  expect(results.get('has peers')?.rows[0]?.figure?.median).toBeGreaterThan(1.5);
  expect(results.get('is tried')).toMatchObject({
    verdict: 'SHORT', unit: 'errors', figure: { median: 0 },
    rows: [{ name: 'waits', figure: { median: 2 }, verdict: 'SHORT' }, { name: 'other: errors', figure: { median: 7 }, verdict: '-' }, { name: 'other: waits', figure: { median: 1 } }],
  });
  expect(results.get('dies')).toMatchObject({ verdict: 'ERROR', error: expect.stringContaining('its process ended (7)') });
}, 120_000);

test('an area without benches is an error that lists those there are', async () => {
  await expect(node('bench/harness/main.ts', 'nowhere', '--strict')).rejects.toMatchObject({
    code: 1, stderr: expect.stringMatching(/no bench area 'nowhere'[\s\S]*one of: (?!.*harness).*selftest/),
  });
}, 60_000);
