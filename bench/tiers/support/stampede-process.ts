// One of several processes that ask for the same key at once; stampede.ts tells it what to ask.
import { setTimeout as sleep } from 'node:timers/promises';
import { askedCache, type AskedCache } from './asked-caches';
import type { StampedeAnswer, StampedeRequest } from './stampede';

const LOAD_MS = 50;
const LONGEST_MS = 3_000;
/** So that what the start of eight processes has slowed down is over. */
const SETTLED_MS = 500;
const made = new Map<string, Promise<AskedCache>>();
let loads = 0;
let isFailing = false;

async function load(): Promise<{ readonly name: string }> {
  loads += 1;
  await sleep(LOAD_MS);
  if (isFailing) throw new Error('the loader failed');
  return { name: 'loaded' };
}

async function answer({ name, kind, url, prefix, key, callers, loader }: StampedeRequest): Promise<StampedeAnswer> {
  const known = made.get(prefix) ?? askedCache(name, { kind, url, prefix, load });
  made.set(prefix, known);
  const cache = await known;
  isFailing = false;
  if (key === undefined) {
    // Connected, and compiled a little.
    await cache.load(`warm:${String(process.pid)}`);
    await sleep(SETTLED_MS);
    return { loads: 0, unanswered: 0 };
  }
  isFailing = loader === 'fails';
  loads = 0;
  let unanswered = callers;
  const asked = Promise.allSettled(Array.from({ length: callers }, () => cache.load(key).finally(() => void (unanswered -= 1))));
  await Promise.race([asked, sleep(LONGEST_MS, undefined, { ref: false })]);
  return { loads, unanswered };
}

// A peer's error that nobody catches is the peer's.
process.on('unhandledRejection', () => undefined);
// That a server answered late at the start is told there.
process.removeAllListeners('warning');
process.on('message', (request: StampedeRequest) => void answer(request).then((said) => process.send?.(said)));
process.on('disconnect', () => process.exit(0));
