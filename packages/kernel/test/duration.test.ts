import { durationMs, type Duration } from '@ormolu/kernel';

test.each<[Duration, number]>([[0, 0], [1.5, 1.5], ['250ms', 250], ['1.5s', 1_500], ['5m', 300_000], ['1h', 3_600_000], ['2d', 172_800_000]])('%j is %d ms', (given, ms) => {
  expect(durationMs(given, 'ttl')).toBe(ms);
});

test.each([-1, NaN, Infinity, '1', '-1s', 's', '1 s', '1y', `${'9'.repeat(400)}d`, '', null, undefined, {}])('%p is no length of time', (given) => {
  let error: unknown;
  try {
    durationMs(given as Duration, 'ttl');
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'DURATION_INVALID', message: expect.stringMatching(/^ttl is .*never expires\.$/) });
});
