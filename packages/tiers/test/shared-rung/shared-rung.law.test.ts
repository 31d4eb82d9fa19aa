import { randomBytes, randomUUID } from 'node:crypto';
import { createDatabase, lawRuns, lawSeed, sharedCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import type { Storage } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { postgres } from '@ormolu/storage/postgres';
import * as fc from 'fast-check';
import type { Backend } from '../../src/backend/backend';
import { LocalRung, NamedCaches, SharedCaches, SharedRung, type LocalCache, type NamedCacheOptions } from '../../src/index';
import { memcached } from '../../src/memcached';
import { redis } from '../../src/redis';
import { BothWays, scripts, type Ladder } from '../support/both-ways';
import { rows, SMALL } from '../support/small-world';
import { UntrustedBackend } from '../support/untrusted-backend';

let database: ScratchDatabase;
let closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});
afterAll(() => database.drop());

const key = { id: 'k', key: randomBytes(32) };

/** Two processes with caches of their own, whose shared caches have one server. */
function fleet(backend: Backend, options: NamedCacheOptions, hasLocal: boolean): (caches: readonly LocalCache[]) => readonly Ladder[] {
  const prefix = `law-${randomUUID()}`;
  const processes = [0, 1].map(() => new NamedCaches({ shared: { ...options, l2: backend, prefix, deadline: '2s' } }));
  closing.push(...processes.map((named) => () => named.get('shared').close()));
  return (caches) => caches.map((cache, at): Ladder => {
    const shared = new SharedRung(new StorageRung(), new SharedCaches(processes[at] as NamedCaches, 'shared')); // one for each cache
    return { rung: hasLocal ? new LocalRung(shared, cache) : shared, settled: () => shared.settled() };
  });
}

interface Trial {
  readonly name: string;
  readonly runs: number;
  readonly backend: () => Promise<Backend>;
  readonly storage?: () => Storage;
  readonly options?: NamedCacheOptions;
}

const trials: readonly Trial[] = [
  { name: 'a server that is not to be trusted', runs: 300, backend: () => Promise.resolve(new UntrustedBackend(lawSeed())) },
  { name: 'one that is not to be trusted, with MessagePack, sealed', runs: 100, backend: () => Promise.resolve(new UntrustedBackend(lawSeed())), options: { serializer: 'msgpack', keys: [key] } },
  { name: 'one that is not to be trusted, with V8, compressed', runs: 100, backend: () => Promise.resolve(new UntrustedBackend(lawSeed())), options: { serializer: 'v8', compress: { above: 0 } } },
  { name: 'one that is not to be trusted, on PostgreSQL', runs: 40, backend: () => Promise.resolve(new UntrustedBackend(lawSeed())), storage: () => postgres(database.url) },
  { name: 'Redis, on PostgreSQL', runs: 40, backend: async () => redis(await sharedCacheServer('redis')), storage: () => postgres(database.url), options: { serializer: 'msgpack' } },
  { name: 'Memcached, on PostgreSQL', runs: 40, backend: async () => memcached(await sharedCacheServer('memcached')), storage: () => postgres(database.url) },
];

describe.each([{ above: 'under local rungs', hasLocal: true }, { above: 'alone', hasLocal: false }])('$above', ({ hasLocal }) => {
  test.each(trials)('law: for every script of sessions, writes and rollbacks, shared rungs with $name tell each session what the database tells it', async ({ runs, backend, storage: made, options = {} }) => {
    const storage = made?.() ?? memory();
    const server = await backend();
    try {
      await storage.migrate(SMALL);
      const sides = new BothWays(storage, { sessions: 3, ladders: fleet(server, options, hasLocal), rung: 'shared' });
      await fc.assert(fc.asyncProperty(rows, scripts, (given, script) => sides.play(given, script)), { numRuns: lawRuns(runs / 2) });
      // The law would hold of a cache that never answers.
      expect(sides.hits).toBeGreaterThan(0);
      if (server instanceof UntrustedBackend) expect(server.mischief.resurrected).toBeGreaterThan(0);
    } finally {
      await storage.close();
      await server.close();
    }
  }, 180_000);
});
