import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { withOwn, type Snapshot } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { KeyRing } from '../../src/shared/key-ring';
import { epochBytes, keptFromBytes, keptToBytes, type KeptFormOptions, type ToWrite } from '../../src/shared-rung/kept-form';

const [older, newer] = [{ id: 'older', key: randomBytes(32) }, { id: 'newer', key: randomBytes(32).toString('base64') }];
const RING = new KeyRing([newer, older]);

const snapshot: fc.Arbitrary<Snapshot> = fc.record({ xmin: fc.bigInt({ min: 3n, max: 2n ** 63n }), running: fc.uniqueArray(fc.bigInt({ min: 0n, max: 50n }), { maxLength: 5 }), own: fc.option(fc.bigInt({ min: 1n, max: 2n ** 63n }), { nil: undefined }) })
  .map(({ xmin, running, own }) => {
    const inProgress = running.map((xid) => xmin + xid).sort((a, b) => (a < b ? -1 : 1));
    const one = { xmin, xmax: xmin + 51n, inProgress };
    return own === undefined ? one : withOwn(one, own);
  });
const entry: fc.Arbitrary<ToWrite> = fc.record({
  key: fc.string({ unit: 'grapheme' }), kind: fc.constantFrom('record' as const, 'absent' as const, 'answer' as const), stamp: fc.record({ snapshot, epoch: fc.string() }),
  mark: fc.nat(255), form: fc.nat(7), columns: fc.uint8Array({ maxLength: 20 }), payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(255).map((byte) => new Uint8Array(300).fill(byte))),
});
const options: fc.Arbitrary<KeptFormOptions> = fc.record({ compressAbove: fc.constantFrom(0, 100, Infinity), ring: fc.constantFrom(undefined, RING) });

test('law: every entry is read as it was written, also by who seals with another key', () => {
  const others = new KeyRing([older, newer]);
  fc.assert(fc.property(entry, options, (one, how) => {
    const read = keptFromBytes(keptToBytes(one, how), one.key, how.ring && others);
    expect({ ...read, payload: read?.payload() && [...read.payload() ?? []], columns: [...read?.columns ?? []], epoch: read?.epoch.toString('hex') }).toEqual({
      kind: one.kind, mark: one.mark, form: one.form, snapshot: one.stamp.snapshot, payload: [...one.payload], columns: [...one.columns], epoch: epochBytes(one.stamp.epoch).toString('hex'),
    });
  }), { numRuns: lawRuns(300) });
});

test('law: under another key nothing is an entry', () => {
  fc.assert(fc.property(entry, options, fc.string({ unit: 'grapheme' }), (one, how, other) => {
    fc.pre(other !== one.key);
    expect(keptFromBytes(keptToBytes(one, how), other, how.ring)?.payload()).toBeUndefined();
  }), { numRuns: lawRuns(200) });
});

test('law: of a sealed entry no byte can be changed, and none left out', () => {
  fc.assert(fc.property(entry, fc.constantFrom(0, Infinity), fc.nat(), fc.integer({ min: 1, max: 255 }), (one, compressAbove, at, change) => {
    const bytes = keptToBytes(one, { compressAbove, ring: RING });
    expect(keptFromBytes(bytes.subarray(0, at % bytes.length), one.key, RING)?.payload()).toBeUndefined();
    const changed = Buffer.from(bytes);
    changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ change;
    expect(keptFromBytes(changed, one.key, RING)?.payload()).toBeUndefined();
  }), { numRuns: lawRuns(500) });
});

test('law: bytes of anything else are no entry', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(undefined, RING), (bytes, ring) => {
    expect(keptFromBytes(bytes, 'thing:1', ring)).toBeUndefined();
  }), { numRuns: lawRuns(300) });
});

test('what lies open is no entry where entries are sealed, nor what was sealed by a key that is gone', () => {
  const one: ToWrite = { key: 'thing:1', kind: 'record', stamp: { snapshot: { xmin: 5n, xmax: 5n, inProgress: [] }, epoch: 'e' }, mark: 0, form: 0, columns: Uint8Array.of(1), payload: Buffer.from('[1]') };
  const open = keptToBytes(one, { compressAbove: Infinity, ring: undefined });
  const sealed = keptToBytes(one, { compressAbove: Infinity, ring: new KeyRing([older]) });
  expect(keptFromBytes(open, one.key, RING)).toBeUndefined();
  expect(keptFromBytes(sealed, one.key, undefined)).toBeUndefined();
  expect(keptFromBytes(sealed, one.key, RING)?.payload()?.toString()).toBe('[1]');
  expect(keptFromBytes(sealed, one.key, new KeyRing([newer]))?.payload()).toBeUndefined();
  expect(sealed.includes('[1]')).toBe(false);
  expect(keptToBytes(one, { compressAbove: Infinity, ring: RING }).equals(keptToBytes(one, { compressAbove: Infinity, ring: RING }))).toBe(false);
});

test.each([
  ['none', [], /empty list/], ['too short', [{ id: 'a', key: 'aGk=' }], /2 bytes/], ['the same id twice', [{ id: 'a', key: randomBytes(32) }, { id: 'a', key: randomBytes(32) }], /same id/],
])('keys that are none are refused: %s', (_, keys, says) => {
  expect(() => new KeyRing(keys)).toThrow(says);
});
