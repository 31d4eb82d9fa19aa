import { aim, atLeast, atMost } from '..';
import { describeTarget, exitCodeOf, judge } from '../verdict';

test('a figure that reaches its target exactly is ok; the next one beyond is short', () => {
  expect(judge(0.5, atMost(0.5))).toBe('ok');
  expect(judge(0.501, atMost(0.5))).toBe('SHORT');
  expect(judge(2, atLeast(2))).toBe('ok');
  expect(judge(1.999, atLeast(2))).toBe('SHORT');
});

test('what is no number is never ok', () => {
  expect(judge(NaN, atMost(1))).toBe('SHORT');
  expect(judge(NaN, atLeast(1))).toBe('SHORT');
});

test('without a target nothing is judged', () => {
  expect(judge(99, undefined)).toBe('-');
  expect(describeTarget(undefined)).toBe('-');
});

test('short of an aim is told, and fails nothing', () => {
  expect([judge(2, aim(atMost(1))), judge(1, aim(atMost(1))), judge(1, aim(atLeast(2)))]).toEqual(['short', 'ok', 'short']);
  expect(exitCodeOf(['ok', 'short'], { strict: true })).toBe(0);
  expect(describeTarget(aim(atMost(1)))).toBe('≤ 1');
});

test('SHORT fails the run only under --strict; a case that broke always does', () => {
  expect(exitCodeOf(['ok', 'SHORT', '-'], { strict: false })).toBe(0);
  expect(exitCodeOf(['ok', 'SHORT', '-'], { strict: true })).toBe(1);
  expect(exitCodeOf(['ok', '-'], { strict: true })).toBe(0);
  expect(exitCodeOf(['ok', 'ERROR'], { strict: false })).toBe(1);
});
