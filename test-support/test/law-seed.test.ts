import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lawSeed } from '@ormolu/test-support';
import fc from 'fast-check';
import { chooseSeed } from '../src/law-seed';

describe('the seed of laws', () => {
  const before = process.env['ORMOLU_SEED'];
  let packages: string;
  const source = (): string => join(packages, 'one', 'src', 'a.ts');

  beforeEach(() => {
    packages = mkdtempSync(join(tmpdir(), 'ormolu-seed-'));
    mkdirSync(join(packages, 'one', 'src'), { recursive: true });
    writeFileSync(source(), 'export const a = 1;');
    delete process.env['ORMOLU_SEED'];
  });
  afterEach(() => {
    rmSync(packages, { recursive: true });
    process.env['ORMOLU_SEED'] = before;
  });

  test('it is the same for the same sources and another for others', () => {
    const first = chooseSeed(packages);
    expect(chooseSeed(packages)).toBe(first);
    writeFileSync(join(packages, 'one', 'notes.md'), 'no source');
    expect(chooseSeed(packages)).toBe(first);
    writeFileSync(source(), 'export const a = 2;');
    expect(chooseSeed(packages)).not.toBe(first);
  });

  test('the variable decides when it is set', () => {
    process.env['ORMOLU_SEED'] = '7';
    expect(chooseSeed(packages)).toBe(7);
    process.env['ORMOLU_SEED'] = 'random';
    expect(chooseSeed(packages)).toBeLessThan(2 ** 31);
  });

  test.each(['-1', '1.5', 'some', '2147483648'])('%s is refused by name', (text) => {
    process.env['ORMOLU_SEED'] = text;
    expect(() => chooseSeed(packages)).toThrow(`ORMOLU_SEED is '${text}'`);
  });
});

test('laws draw from the seed of the run', () => {
  expect(fc.readConfigureGlobal().seed).toBe(lawSeed());
  expect(fc.sample(fc.nat(), 20)).toEqual(fc.sample(fc.nat(), { numRuns: 20, seed: lawSeed() }));
});
