import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownCacheServer, sharedCacheServer, type CacheServerKind } from '@ormolu/test-support';

const QUESTION: Readonly<Record<CacheServerKind, string>> = { redis: 'PING\r\n', memcached: 'version\r\n' };

/** The first word of what it answers; empty when it does not. */
function answerOf(kind: CacheServerKind, target: { port: number; host: string } | { path: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(target, () => socket.write(QUESTION[kind]));
    const answered = (text: string): void => {
      socket.destroy();
      resolve(text.split(/\s/)[0] ?? '');
    };
    socket.on('data', (bytes: Buffer) => answered(bytes.toString()));
    socket.on('error', () => answered(''));
    socket.setTimeout(300, () => answered(''));
  });
}

test.each([['redis', '+PONG'], ['memcached', 'VERSION']] as const)('a %s of one\'s own answers, stands still, is killed, takes its place again and ends when it is let go', async (kind, answer) => {
  const one = await ownCacheServer(kind);
  const place = { port: one.port, host: '127.0.0.1' };
  expect(await answerOf(kind, place)).toBe(answer);
  one.signal('SIGSTOP');
  expect(await answerOf(kind, place)).toBe('');
  one.signal('SIGKILL');
  one.stop();
  for (const end = Date.now() + 5_000; isAlive(one.pid) && Date.now() < end;) await sleep(10);
  const another = await ownCacheServer(kind, { port: one.port });
  expect(another.url).toBe(one.url);
  expect(await answerOf(kind, place)).toBe(answer);
  another.stop();
  for (const end = Date.now() + 5_000; isAlive(another.pid) && Date.now() < end;) await sleep(10);
  expect(isAlive(another.pid)).toBe(false);
});

test('all who ask share one server', async () => {
  const [first, second] = await Promise.all([sharedCacheServer('redis'), sharedCacheServer('redis')]);
  expect(second).toBe(first);
});

test('Memcached listens on a Unix socket, too', async () => {
  const one = await ownCacheServer('memcached', { onSocket: true });
  expect(await answerOf('memcached', { path: one.url })).toBe('VERSION');
  one.stop();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
