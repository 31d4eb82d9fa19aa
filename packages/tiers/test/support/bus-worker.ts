// One of several processes that keep values in memory and follow each other over a bus; bus.test.ts tells it what to do, a line at a time.
import { createInterface } from 'node:readline';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis, redisBus } from '../../src/redis';

/** What is asked of a worker. */
export type BusAsk =
  | { readonly do: 'set'; readonly key: string; readonly value: number }
  | { readonly do: 'load'; readonly key: string; readonly value: number }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'tag'; readonly tag: string }
  | { readonly do: 'pattern'; readonly pattern: string }
  | { readonly do: 'clear' | 'state' };

const [busUrl = '', serverUrl = '', prefix = ''] = process.argv.slice(2);
process.on('warning', () => undefined);
process.removeAllListeners('warning');
const bus = redisBus(busUrl);
const common = { prefix, bus, ttl: '10m', jitter: 0, deadline: '2s' } as const;
const caches = { local: new NamedCache('local', { ...common, maxEntries: 1_000 }), shared: new NamedCache('shared', { ...common, l1: { ttl: 0 }, l2: redis(serverUrl) }) };

async function done(cache: NamedCache, ask: BusAsk): Promise<unknown> {
  if (ask.do === 'set') return cache.set(ask.key, ask.value, { tags: ['t'] });
  if (ask.do === 'load') return cache.getOrSet(ask.key, () => ask.value, { tags: ['t'] });
  if (ask.do === 'delete') return cache.delete(ask.key);
  if (ask.do === 'tag') return cache.deleteByTag(ask.tag);
  if (ask.do === 'pattern') return cache.deleteByPattern(ask.pattern);
  if (ask.do === 'clear') return cache.clear();
  return { ...cache.stats().bus, size: cache.stats().size };
}

createInterface({ input: process.stdin })
  // What bus.test.ts writes.
  .on('line', (line) => {
    const { cache, ...ask } = JSON.parse(line) as BusAsk & { readonly cache: keyof typeof caches };
    void done(caches[cache], ask).then((answer) => process.stdout.write(`${JSON.stringify({ answer: answer ?? null })}\n`));
  })
  .on('close', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ isReady: true })}\n`);
