import { MisuseError } from '@ormolu/kernel';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { ScheduledInvalidation } from '../../src/named-cache/scheduled-invalidation';

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2030-01-07T02:59:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

async function filled(invalidate: readonly ScheduledInvalidation[] = []): Promise<NamedCache> {
  const cache = new NamedCache('scheduled', { maxEntries: 100, invalidate });
  for (const key of ['city:1', 'city:2', 'country:1', 'other']) await cache.set(key, key, { tags: key === 'other' ? ['city'] : [key.split(':')[1] ?? ''] });
  return cache;
}

async function left(cache: NamedCache): Promise<readonly string[]> {
  return [...(await cache.getMany(['city:1', 'city:2', 'country:1', 'other'])).keys()];
}

test.each<[Omit<ScheduledInvalidation, 'cron' | 'every'>, readonly string[]]>([
  [{}, []],
  [{ model: 'city' }, ['country:1']],
  [{ tag: '1' }, ['city:2', 'other']],
  [{ pattern: 'c*1' }, ['city:2', 'other']],
])('at three in the morning %j goes, and not before', async (what, wanted) => {
  const cache = await filled([{ cron: '0 3 * * *', timeZone: 'UTC', ...what }]);
  await jest.advanceTimersByTimeAsync(59_000);
  expect(await left(cache)).toHaveLength(4);
  await jest.advanceTimersByTimeAsync(1_100);
  expect(await left(cache)).toEqual(wanted);
  await cache.close();
});

test('a time of day is that of the zone it is given with', async () => {
  const cache = await filled([{ cron: '0 4 * * *', timeZone: 'Europe/Brussels' }]);
  await jest.advanceTimersByTimeAsync(61_000);
  expect(await left(cache)).toEqual([]);
  await cache.close();
});

test('an interval comes again and again, until it is ended or the cache is closed', async () => {
  const cache = await filled();
  const end = cache.invalidateOn({ every: '10s' });
  for (let turn = 0; turn < 3; turn += 1) {
    await cache.set('other', 1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await left(cache)).toEqual([]);
  }
  end();
  await cache.set('other', 1);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(await left(cache)).toEqual(['other']);
  cache.invalidateOn({ cron: '* * * * * *' });
  cache.invalidateOn({ every: 100 });
  await cache.close();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(await left(cache)).toEqual(['other']);
});

test('what is about a model is what has its name before a colon, or as a tag', async () => {
  const cache = await filled();
  expect(await cache.deleteByModel('city')).toBe(3);
  expect(await left(cache)).toEqual(['country:1']);
});

test.each<[ScheduledInvalidation, RegExp]>([
  [{}, /either cron/],
  [{ cron: '0 3 * * *', every: '1h' }, /either cron/],
  [{ every: 0 }, /longer than zero/],
  [{ every: '30d' }, /at most 24 days/],
  [{ cron: 'at noon' }, /'at noon' is no time/],
  [{ cron: '0 3 * * *', timeZone: 'Mars/Olympus' }, /no time for a schedule.*time zone/],
  [{ cron: '0 0 31 2 *' }, /./],
  [{ every: '1h', tag: 'a', model: 'b' }, /Make several schedules/],
  // As a program without types gives them: each would take out nothing, and end the process, when its time has come.
  [{ every: '1h', tag: 5 as never }, /the tag of a schedule is a whole number/],
  [{ every: '1h', model: ['city'] as never }, /the model of a schedule is a list/],
  [{ every: '1h', pattern: null as never }, /the pattern of a schedule is null/],
  [5 as never, /a schedule is a whole number/],
])('a schedule that is none is refused: %j', (schedule, message) => {
  const made = (): NamedCache => new NamedCache('scheduled', { maxEntries: 1, invalidate: [schedule] });
  expect(made).toThrow(MisuseError);
  expect(made).toThrow(message);
});
