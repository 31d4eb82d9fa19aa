import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownCacheServer } from '@ormolu/test-support';
import type { Trial } from '../../harness';
import { askedCache, type AskedCache, type ServerKind } from './asked-caches';

const LOAD_MS = 10;
const HOT_KEYS = 50;
const AT_ONCE = 10;
/** So long is asked while the server is away, and so long is waited for what was asked. */
const AWAY_MS = 1_500;
const PATIENCE_MS = 2_000;
/** Reads from then on are no first ones. */
const FIRST_MS = 500;

interface Asked {
  readonly atMs: number;
  readonly isHot: boolean;
  tookMs: number | undefined;
  isError: boolean;
}

export interface OutageSpec {
  readonly name: string;
  readonly kind: ServerKind;
  readonly fault: 'SIGKILL' | 'SIGSTOP';
}

/** A server is killed or stopped while keys are read that have just been read, and keys that nobody has read before. */
export function outage({ name, kind, fault }: OutageSpec): Promise<Trial> {
  // What a peer leaves unheard is its own; who asks sees what becomes of him.
  process.on('unhandledRejection', () => undefined);
  return Promise.resolve(async () => {
    const server = await ownCacheServer(kind);
    const loadsMs: number[] = [];
    const load = async (key: string): Promise<{ readonly key: string }> => {
      const began = performance.now();
      await sleep(LOAD_MS);
      loadsMs.push(performance.now() - began);
      return { key };
    };
    const cache = await askedCache(name, { kind, url: server.url, prefix: `outage-${randomUUID()}`, load });
    try {
      for (let turn = 0; turn < 20; turn += 1) await Promise.all(hotKeys.map((key) => cache.load(key)));
      await sleep(200);
      loadsMs.length = 0;
      server.signal(fault);
      return judged(await asked(cache), loadsMs);
    } finally {
      if (fault === 'SIGSTOP') server.signal('SIGKILL');
      server.stop();
      // Some wait for their server when they are closed.
      await Promise.race([Promise.resolve(cache.close()).catch(() => undefined), sleep(200)]);
    }
  });
}

const hotKeys: readonly string[] = Array.from({ length: HOT_KEYS }, (_, at) => `city:${String(at)}`);

async function asked(cache: AskedCache): Promise<readonly Asked[]> {
  const all: Asked[] = [];
  const pending: Promise<void>[] = [];
  const began = performance.now();
  const ask = (key: string, isHot: boolean): void => {
    const sinceMs = performance.now();
    const one: Asked = { atMs: sinceMs - began, isHot, tookMs: undefined, isError: false };
    all.push(one);
    pending.push(
      cache.load(key).then(() => undefined, () => void (one.isError = true)).then(() => void (one.tookMs = performance.now() - sinceMs)),
    );
  };
  for (let turn = 0; performance.now() - began < AWAY_MS; turn += 1) {
    if (turn % 50 === 0) for (let at = 0; at < AT_ONCE; at += 1) ask(`city:cold-${randomUUID()}`, false);
    ask(hotKeys[turn % HOT_KEYS] ?? '', true);
    await sleep(2);
  }
  await Promise.race([Promise.all(pending), sleep(PATIENCE_MS)]);
  return all;
}

function judged(all: readonly Asked[], loadsMs: readonly number[]): Record<string, number> {
  const loadMs = at(loadsMs.toSorted(byNumber), 0.5) || LOAD_MS;
  // What had no answer took as long as it was waited for, at least.
  const took = (some: readonly Asked[]): number[] => some.map(({ tookMs }) => tookMs ?? PATIENCE_MS).toSorted(byNumber);
  // What is refused is quick, and no answer.
  const answered = all.filter(({ isError }) => !isError);
  const cold = answered.filter(({ isHot }) => !isHot);
  return {
    unanswered: all.filter(({ tookMs }) => tookMs === undefined).length,
    errors: all.filter(({ isError }) => isError).length,
    'hot reads': at(took(answered.filter(({ isHot }) => isHot)), 0.99),
    'first cold reads': Math.max(0, at(took(cold.filter(({ atMs }) => atMs <= FIRST_MS)), 1) - loadMs),
    'later cold reads': at(took(cold.filter(({ atMs }) => atMs > FIRST_MS)), 0.5) / loadMs,
  };
}

const byNumber = (a: number, b: number): number => a - b;

/** The value below which such a share of them lies; none when there are none. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
