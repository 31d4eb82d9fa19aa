import { MisuseError } from '@ormolu/kernel';
import { memcached } from '../../src/memcached';
import { redis } from '../../src/redis';

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof MisuseError) return error.code;
    throw error;
  }
  return 'accepted';
}

test.each([[[]], [['a:1', 'a:1']], [''], ['a b'], ['host:0'], ['host:65536'], ['host:x'], ['http://host'], ['host:1:2'], [['host', undefined as unknown as string]]])('memcached(%j) is refused', (servers) => {
  expect(refusal(() => memcached(servers))).toBe('TIER_MEMCACHED_SERVER');
});

test.each(['', 'localhost:6379', 'http://localhost', 'undefined'])('redis(%j) is refused', (url) => {
  expect(refusal(() => redis(url))).toBe('TIER_REDIS_OPTION');
});

test('a key prefix of ioredis is refused, for patterns would not find what it hides', () => {
  expect(refusal(() => redis({ host: '127.0.0.1', keyPrefix: 'x:' }))).toBe('TIER_REDIS_OPTION');
});
