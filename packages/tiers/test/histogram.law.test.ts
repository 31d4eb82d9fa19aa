import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { Histogram } from '../src/histogram';

const durations = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 });

test('law: for all durations, a percentile is the true one within a bucket of a fifth', () => {
  fc.assert(
    fc.property(durations, (all) => {
      const histogram = new Histogram();
      for (const ms of all) histogram.add(ms);
      const sorted = [...all].sort((a, b) => a - b);
      const median = sorted[Math.ceil(sorted.length * 0.5) - 1] ?? 0;
      const { p50Ms, count, meanMs } = histogram.summary();
      expect(count).toBe(all.length);
      expect(p50Ms).toBeGreaterThanOrEqual(median * 0.999);
      expect(p50Ms).toBeLessThanOrEqual(median * 1.2);
      expect(meanMs).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / all.length, 6);
    }),
    { numRuns: lawRuns(200) },
  );
});

test('a histogram of nothing is all zeros', () => {
  expect(new Histogram().summary()).toEqual({ count: 0, meanMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 });
});
