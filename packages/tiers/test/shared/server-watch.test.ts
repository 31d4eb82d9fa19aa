import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, BackendState } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { GuardedBackend, type GuardListener } from '../../src/shared/guarded-backend';
import { markBytes, newMark } from '../../src/shared/marks';

const Base: new () => Backend = MemoryBackend;

/** Says what it is told to of its connections, and which run it is when the test lets it. */
class ToldBackend extends Base {
  say: (state: BackendState) => void = () => undefined;
  readonly asked: ((run: string | Error) => void)[] = [];
  deletes: (() => void)[] | undefined;

  override onState(listener: (state: BackendState) => void): () => void {
    this.say = listener;
    return () => undefined;
  }

  override check(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.asked.push((run) => (run instanceof Error ? reject(run) : resolve(run)));
    });
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    const waiting = this.deletes;
    if (waiting) await new Promise<void>((resolve) => waiting.push(resolve));
    return super.deleteMany(keys);
  }

  /** Answers the question with this number, as soon as it is asked. */
  async answer(question: number, run: string | Error): Promise<void> {
    while (this.asked.length <= question) await sleep(1);
    this.asked[question]?.(run);
    await sleep(1);
  }
}

function guarded(raw: Backend, told: string[] = []): GuardedBackend {
  const listener: GuardListener = { changed: (state) => told.push(state), forget: () => Promise.resolve() };
  return new GuardedBackend(raw, { deadlineMs: 40, breakAfter: 3, maxUnsure: 10 }, listener);
}

const encoded = Buffer.from('x');

describe('which run it is', () => {
  let raw: ToldBackend;
  let told: string[];
  let guard: GuardedBackend;
  beforeEach(() => {
    raw = new ToldBackend();
    told = [];
    guard = guarded(raw, told);
  });
  afterEach(() => guard.close());

  test('is asked anew where a connection is lost before that is answered', async () => {
    while (raw.asked.length === 0) await sleep(1);
    raw.say('down');
    await raw.answer(0, 'old');
    expect([guard.isUp, guard.run]).toEqual([false, undefined]);
    await raw.answer(1, 'new');
    expect([guard.run, told]).toEqual(['new', ['away', 'up']]);
  });

  test('is asked anew where a connection is lost while what failed is taken out', async () => {
    await raw.answer(0, 'old');
    raw.deletes = [];
    const failing = guard.deleteMany(['k']).catch(() => undefined);
    await failing;
    expect(guard.unsure).toBe(1);
    await raw.answer(1, 'old');
    while (raw.deletes.length < 2) await sleep(1);
    raw.say('down');
    raw.deletes.forEach((go) => go());
    await sleep(5);
    expect(guard.isUp).toBe(false);
    raw.deletes = undefined;
    await raw.answer(2, 'new');
    while (guard.unsure > 0 || !guard.isUp) await sleep(1);
    expect(guard.run).toBe('new');
  });

  test('is what was said last, whoever asked first', async () => {
    await raw.answer(0, 'first');
    const looked = guard.lookAgain();
    while (raw.asked.length < 2) await sleep(1);
    raw.say('changed');
    await raw.answer(2, 'third');
    await raw.answer(1, 'second');
    await looked;
    expect([guard.run, told]).toEqual(['third', []]);
  });

  test.each(['changed', 'down'] as const)('is asked anew where a server is heard to be %s just behind an answer, however close', async (what) => {
    await raw.answer(0, 'run 0');
    for (let turns = 0; turns < 24; turns += 1) {
      const question = raw.asked.length;
      raw.say('changed');
      while (raw.asked.length === question) await sleep(1);
      raw.asked[question]?.(`before ${String(turns)}`);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      raw.say(what);
      // It is asked once more, and not never.
      for (let tries = 0; tries < 300 && raw.asked.length === question + 1; tries += 1) await sleep(1);
      expect([turns, raw.asked.length]).toEqual([turns, question + 2]);
      await raw.answer(question + 1, `run ${String(turns)}`);
      expect(await guard.getMany(['k'])).toEqual([undefined]);
      expect([turns, guard.run]).toEqual([turns, `run ${String(turns)}`]);
    }
  });

  test('is waited for by who reads, when one of several servers may be another than before; nothing is away', async () => {
    await raw.answer(0, 'old');
    await raw.setMany([{ key: 'k', value: encoded, ttlMs: 0 }]);
    raw.say('changed');
    let seen: unknown;
    const reading = guard.getMany(['k']).then((found) => (seen = [found.length, guard.run]));
    await sleep(10);
    expect([seen, guard.isUp]).toEqual([undefined, true]);
    await raw.answer(1, 'new');
    await reading;
    expect([seen, told]).toEqual([[1, 'new'], []]);
  });

  test('is waited for no longer than for an answer, once for all; where it cannot be said, the server is away', async () => {
    await raw.answer(0, 'old');
    raw.say('changed');
    await expect(guard.getMany(['k'])).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
    const others = Promise.allSettled([guard.getMany(['k']), guard.getMany(['l'])]);
    expect(await Promise.race([others.then(() => 'at once'), new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('waits'))))])).toBe('at once');
    expect([guard.counts.failures, told]).toEqual([0, []]);
    // Whatever else changes meanwhile: that it does not answer is an answer.
    raw.say('changed');
    await raw.answer(1, new Error('gone'));
    expect([guard.isUp, told]).toEqual([false, ['away']]);
    await raw.answer(2, 'new');
    expect([guard.run, told]).toEqual(['new', ['away', 'up']]);
    expect(await guard.getMany(['k'])).toEqual([undefined]);
  });
});

/** Takes longer to say which run it is than a call may, as a cluster does. */
class SlowToSay extends MemoryBackend {
  override async check(): Promise<string> {
    await sleep(60);
    return 'run 2';
  }
}

describe('a server that takes longer to say how it is than a call may', () => {
  let open: NamedCache[] = [];
  beforeEach(() => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(open.map((cache) => cache.close()));
    open = [];
  });

  async function connected(raw: MemoryBackend, options: NamedCacheOptions): Promise<NamedCache> {
    const cache = new NamedCache('slow', { l2: raw, l1: false, ttl: '1m', ...options });
    open.push(cache);
    while (cache.stats().shared?.isUp !== true) await sleep(5);
    return cache;
  }

  test('is healthy', async () => {
    const cache = await connected(new SlowToSay(), {});
    for (let times = 0; times < 5; times += 1) expect(await cache.health()).toMatchObject({ server: 'up' });
    expect(cache.stats().shared).toMatchObject({ failures: 0, outages: 0, refused: 0 });
  });

  test('is used, also where another process knows another run and does not ask', async () => {
    const raw = new SlowToSay();
    const prefix = randomUUID();
    const cache = await connected(raw, { prefix });
    for (let times = 0; times < 8; times += 1) {
      await raw.setMany([{ key: `${prefix}:slow:m`, value: markBytes(newMark(), 'run 1'), ttlMs: 0 }]);
      await cache.set('k', times);
      expect(await cache.get('k')).toBe(times);
      await sleep(20);
    }
    expect(cache.stats().shared).toMatchObject({ failures: 0, outages: 0, refused: 0 });
  });
});
