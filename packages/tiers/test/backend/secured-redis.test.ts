import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import type { Backend } from '../../src/backend/backend';
import type { Bus } from '../../src/bus/bus';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis, redisBus, type RedisConnection } from '../../src/redis';

/** What a cache, its bus and health checks ask of Redis, and nothing else. */
const COMMANDS = '+get +mget +set +unlink +eval +pexpire +persist +exists +scan +info +publish +subscribe +unsubscribe';

const servers: OwnCacheServer[] = [];
let open: (NamedCache | Backend | Bus)[] = [];
let warnings: string[] = [];

beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  open = [];
});
afterAll(() => {
  for (const server of servers) server.stop();
});

async function started(options: Parameters<typeof ownCacheServer>[1]): Promise<OwnCacheServer> {
  const server = await ownCacheServer('redis', options);
  servers.push(server);
  return server;
}

/** Fails by its name, where otherwise nothing but the time of the whole test would end it. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + 45_000; !(await holds());) {
    if (performance.now() > end) throw new Error(`It has not come in 45 s that ${what}.`);
    await sleep(5);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function cacheOn(connection: RedisConnection, prefix: string): NamedCache {
  const [l2, bus] = [redis(connection), redisBus(connection)];
  const cache = new NamedCache('rates', { l2, bus, prefix, l1: false, ttl: '1m', deadline: '10s' });
  open.push(cache, l2, bus);
  return cache;
}

/** All that a cache asks of its server. */
async function used(cache: NamedCache): Promise<unknown> {
  await until('the server and the bus are there', () => cache.stats().bus?.isUp === true && cache.stats().shared?.isUp === true);
  await cache.setMany([['rate:1', 1], ['rate:2', 2]], { tags: ['rates'], sliding: true });
  const told = [await cache.get('rate:1'), await cache.getOrSet('rate:3', () => 3), await cache.deleteByPattern('rate:1'), await cache.delete('rate:3')];
  await cache.deleteByTag('rates');
  await cache.clear();
  return [...told, await cache.get('rate:2'), cache.stats().shared?.failures];
}

const USED = [1, 3, 1, true, undefined, 0];

async function warned(): Promise<string> {
  await until('it is warned of', () => ['server', 'bus'].every((one) => warnings.some((warning) => warning.includes(`${one} is away`))));
  return warnings.join('\n');
}

test('a user of an ACL needs his prefix and few commands; who may not come in is told why', async () => {
  const { url, port } = await started({});
  const admin = new Redis(url);
  await admin.acl('SETUSER', 'app', 'on', '>secret', '~app:*', '&app:*', '-@all', ...COMMANDS.split(' '));
  admin.disconnect();
  const connection = { host: '127.0.0.1', port, username: 'app', password: 'secret' };
  expect(await used(cacheOn(connection, 'app'))).toEqual(USED);
  expect(await used(cacheOn({ url: `redis://app:secret@127.0.0.1:${String(port)}` }, 'app'))).toEqual(USED);
  expect(warnings).toEqual([]);
  cacheOn({ ...connection, password: 'wrong' }, 'app');
  expect(await warned()).toMatch(/server is away.*There is no connection to Redis: WRONGPASS[^]*bus is away.*WRONGPASS|bus is away.*WRONGPASS[^]*server is away.*WRONGPASS/);
});

test('a server that refuses all it is asked is looked at ever more seldom, and used when it does not any more', async () => {
  const { url, port } = await started({});
  const admin = new Redis(url);
  await admin.acl('SETUSER', 'app', 'on', '>secret', '+@all', 'resetkeys');
  const l2 = redis({ host: '127.0.0.1', port, username: 'app', password: 'secret' });
  const cache = new NamedCache('rates', { l2, l1: false, ttl: '1m', deadline: '10s' });
  open.push(cache, l2);
  let outages = 0;
  cache.on('state', ({ state }) => (outages += state === 'away' ? 1 : 0));
  // 100, 100, 200, 400 and 800 ms behind each other: were it looked at every 100 ms, there would be a dozen.
  for (const end = performance.now() + 1_500; performance.now() < end;) {
    expect(await cache.getOrSet('rate', () => 1)).toBe(1);
    await sleep(1);
  }
  expect(outages).toBeGreaterThan(1);
  expect(outages).toBeLessThan(7);
  await admin.acl('SETUSER', 'app', '~*');
  admin.disconnect();
  while (cache.stats().shared?.hits === 0) {
    await cache.getOrSet('rate', () => 1);
    await sleep(1);
  }
  expect(cache.stats().shared?.isUp).toBe(true);
});

test('a server that speaks TLS is reached by who trusts its certificate, and nobody else, who is told why', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] });
  const [port, { folder }] = [await freePort(), await started({})];
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o644 });
  writeFileSync(join(folder, 'cert.pem'), cert);
  const file = (name: string): string => join(folder, name);
  await started({ args: ['--tls-port', String(port), '--tls-cert-file', file('cert.pem'), '--tls-key-file', file('key.pem'), '--tls-ca-cert-file', file('cert.pem'), '--tls-auth-clients', 'no'] });
  expect(await used(cacheOn({ host: '127.0.0.1', port, tls: { ca: cert } }, 'app'))).toEqual(USED);
  for (const scheme of ['rediss', 'valkeys']) expect(await used(cacheOn({ url: `${scheme}://127.0.0.1:${String(port)}`, tls: { ca: cert } }, 'app'))).toEqual(USED);
  expect(warnings).toEqual([]);
  cacheOn({ url: `rediss://127.0.0.1:${String(port)}` }, 'app');
  expect(await warned()).toMatch(/server is away.*There is no connection to Redis: .*certificate/);
  // Closed while the certificate is being refused, TLS tells of two errors; one that nobody hears fails the test, and ends a process.
  for (let times = 0; times < 200; times += 1) {
    const [l2, bus] = [redis({ url: `rediss://127.0.0.1:${String(port)}` }), redisBus({ url: `rediss://127.0.0.1:${String(port)}` })];
    await sleep(times % 12);
    await Promise.all([l2.close(), bus.close()]);
  }
});

async function replicaOf(master: OwnCacheServer): Promise<OwnCacheServer> {
  const replica = await started({});
  const admin = new Redis(replica.url);
  await admin.replicaof('127.0.0.1', master.port);
  await until('the replica has its master', async () => (await admin.info('replication')).includes('master_link_status:up'));
  admin.disconnect();
  return replica;
}

/** One that watches these masters alone, by their names. On a busy machine a server may stand still for a while, and is not down. */
async function sentinelOf(masters: Readonly<Record<string, OwnCacheServer>>, downAfterMs: number): Promise<OwnCacheServer> {
  const config = Object.entries(masters).map(([name, { port }]) => `sentinel monitor ${name} 127.0.0.1 ${String(port)} 1\nsentinel down-after-milliseconds ${name} ${String(downAfterMs)}\nsentinel failover-timeout ${name} 2000\n`);
  return started({ config: config.join(''), args: ['--sentinel'] });
}

/** What is connected to a server, without its sentinels and replicas, and who asks. */
async function clientsOf(admin: Redis): Promise<readonly string[]> {
  const own = String(await admin.client('ID'));
  const all = String(await admin.client('LIST')).trim().split('\n').filter((line) => !/ name=sentinel-| cmd=(?:psync|replconf)/.test(line));
  return all.map((line) => /^id=(\d+)/.exec(line)?.[1] ?? line).filter((id) => id !== own).sort();
}

test('the master that Sentinels name is used, and the one that they put in its place', async () => {
  const master = await started({});
  await replicaOf(master);
  const sentinel = await sentinelOf({ main: master }, 1_000);
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const watcher = new Redis(sentinel.url);
  await watcher.subscribe('+switch-master');
  const replaced = new Promise((resolve) => watcher.once('message', resolve));
  const cache = cacheOn({ sentinels, name: 'main' }, 'app');
  expect(await used(cache)).toEqual(USED);
  await cache.set('rate:4', 'old');
  master.signal('SIGKILL');
  await until('the server is away', () => cache.stats().shared?.isUp !== true);
  await cache.set('rate:4', 'new');
  expect(await used(cache)).toEqual([...USED.slice(0, -1), expect.any(Number)]);
  // What the replica had taken over is not believed.
  expect(await cache.get('rate:4')).toBeUndefined();
  // Sentinels name the new one before they tell that it is: who is there already stays.
  await replaced;
  watcher.disconnect();
  expect(await used(cache)).toEqual([...USED.slice(0, -1), expect.any(Number)]);
  expect(cache.stats().shared?.outages).toBe(1);
  warnings = [];
  cacheOn({ sentinels, name: 'mian' }, 'app');
  expect(await warned()).toMatch(/server is away.*sentinel/);
}, 120_000);

test('who is connected to the master of one name hears nothing of the others that its Sentinels watch', async () => {
  const [master, another] = [await started({}), await started({})];
  const replica = await replicaOf(another);
  const sentinel = await sentinelOf({ main: master, mainly: another }, 10_000);
  const [watcher, asker, admin] = [new Redis(sentinel.url), new Redis(sentinel.url), new Redis(master.url)];
  await watcher.subscribe('+switch-master');
  const replaced = new Promise((resolve) => watcher.once('message', (_, message) => resolve(message)));
  const cache = cacheOn({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main', maxConnections: 3 }, 'app');
  expect(await used(cache)).toEqual(USED);
  const clients = await clientsOf(admin);
  // The limit is that of the cache; a bus has two.
  expect(clients).toHaveLength(3 + 2);
  await until('the replica is known', async () => (await asker.call('SENTINEL', 'REPLICAS', 'mainly') as unknown[]).length > 0);
  // Refused until it has seen that the replica is well.
  await until('a failover begins', async () => await asker.call('SENTINEL', 'FAILOVER', 'mainly').catch(() => undefined) === 'OK');
  expect(await replaced).toBe(`mainly 127.0.0.1 ${String(another.port)} 127.0.0.1 ${String(replica.port)}`);
  expect(await used(cache)).toEqual(USED);
  expect(await clientsOf(admin)).toEqual(clients);
  for (const one of [watcher, asker, admin]) one.disconnect();
}, 120_000);

test('a server is found by a URL of Valkey, also by a bus', async () => {
  const { port } = await started({});
  expect(await used(cacheOn({ url: `valkey://127.0.0.1:${String(port)}/3` }, 'app'))).toEqual(USED);
});

test.each<[string, RedisConnection | undefined]>([
  ['nothing', undefined],
  ['a cluster of no nodes', { cluster: [] }],
  ['a URL and a cluster', { url: 'redis://user:secret@127.0.0.1', cluster: [{ host: '127.0.0.1', port: 1 }] }],
  ['replicas of a cluster to read from', { cluster: [{ host: '127.0.0.1', port: 1 }], scaleReads: 'slave' }],
])('%s is refused, also for a bus', (_, connection) => {
  const given = connection as RedisConnection; // as a program without types gives it
  for (const make of [redis, redisBus]) expect(() => make(given)).toThrow(expect.objectContaining({ code: 'TIER_REDIS_OPTION' }) as Error);
});
