import { runExample } from './run-example';

test('a named cache loads once for all who ask, and stands in for a service that is down', () => {
  expect(runExample('06-named-cache.ts')).toEqual([
    '100 asked, 1 call', 'while the service is down: 0.69', 'taken out by tag: 2', '{ hits: 0, staleHits: 1, misses: 102, loadFailures: 1 }',
  ]);
});
