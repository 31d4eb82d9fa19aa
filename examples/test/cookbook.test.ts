import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExample } from './run-example';

const root = join(__dirname, '..', '..');
/** Each example starts a PGlite, and most a Redis. */
const PATIENCE_MS = 120_000;

const PRINTED: Readonly<Record<string, readonly string[]>> = {
  '07-cache-aside.ts': [
    '50 callers at once: 550 cities, 1 load', 'again: 1 load', 'no such country: null, 2 loads', 'missing: city:NL,city:LU', 'city:BE 550; city:NL 1740; city:LU 144; 3 loads', 'by hand: Belgium',
  ],
  '08-write-through.ts': ['after the commit: 145, 0 loads', 'rolled back: second thoughts', 'as before: 145, 0 loads', 'two values written in one question and one write'],
  '13-cache-hierarchy.ts': [
    'here: version 1, from the loader', 'here: version 1, from memory', 'there: version 1, from the server', 'there: version 1, from memory',
    'there, a moment after it was deleted here: version 1, from memory', 'there, when its memory is asked no more: version 2, from the loader', 'here: version 2, from the server',
  ],
  '14-conditional-caching.ts': [
    'not found, and not remembered: 2 looks', 'too large: undefined, counted 1', 'final: 1.09', 'first: 1 questions to the database', 'from the cache: 0 questions to the database',
    'noCache: 1 questions to the database', 'cacheRefresh: 1 questions to the database', 'too fast to be kept: 1 questions to the database', 'asked again, therefore: 1 questions to the database',
  ],
  '15-warming.ts': [
    'warmed by 3 queries (1/3,2/3,3/3), 0 failures, in fewer than 20 statements', 'first caller: Alzingen, Luxembourg; Aspelt, Luxembourg, 0 questions to the database', 'plain: Netherlands, 1 hit, 0 misses',
  ],
  '16-invalidation.ts': [
    'after a commit, unasked: 144, then 145', 'by key, left: city:2,country:1,home', 'by pattern, left: country:1,home', 'by tag, left: city:1,city:2', 'by model, left: country:1',
    'by interval, left: city:1,city:2,country:1', 'all, left: ', 'with a commit, left: country:1',
  ],
  '17-cache-health.ts': [
    'alert: hit ratio raised', 'alert: hit ratio over', 'healthy: true; pglite up; pages up', 'requests 120, hits 60, misses 60, ratio 0.50, size 60, evictions 0, models page',
    'a 99th percentile is known: true; failures of the server: 0',
  ],
  '18-development.ts': ['strict: RUN_DIFFERS', "explained: country(1).name is 'Belgium': as stored.", 'miss: page:home'],
  '19-production.ts': ['Belgium,Luxembourg,Netherlands: 0 questions to the database', 'the service is away: 1.09', 'healthy: true'],
  '20-high-performance.ts': ['warm: 2434 values, 0 failures', 'in memory: 1000 answers, 0 round trips', 'from the server: 164 answers asked in one tick, 1 round trip'],
};

test.each(Object.entries(PRINTED))('%s shows what the cookbook says of it', (example, printed) => {
  expect(runExample(example)).toEqual(printed);
}, PATIENCE_MS);

/** Of those on a server: one that asks two processes' worth of caches, and one that counts round trips. All of them would take a minute more. */
test.each(['13-cache-hierarchy.ts', '20-high-performance.ts'])('%s shows the same where there is no Redis, and memory stands in for it', (example) => {
  expect(runExample(example, { PATH: '', REDIS_URL: undefined })).toEqual(PRINTED[example]);
}, PATIENCE_MS);

test('the cookbook names each of its examples, and no other', () => {
  const page = readFileSync(join(root, 'docs/cookbook.md'), 'utf8');
  const named = [...page.matchAll(/\(\.\.\/examples\/([\w-]+\.ts)\)/g)].map(([, example = '']) => example);
  expect(named.filter((example) => !existsSync(join(root, 'examples', example)))).toEqual([]);
  expect(Object.keys(PRINTED).filter((example) => !named.includes(example))).toEqual([]);
});
