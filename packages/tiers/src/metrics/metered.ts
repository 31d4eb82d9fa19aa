import type { RungStats } from '@ormolu/kernel';
import type { NamedCacheStats } from '../named-cache/cache-counts';

/** A database, as far as its figures go: what `openOrmolu` gave. */
export interface MeteredDatabase {
  stats(): { readonly caches: readonly NamedCacheStats[]; readonly rungs?: readonly RungStats[]; readonly transactions?: number; readonly statements?: number };
}

/** Whose figures are shown: a database, its `caches`, or a cache. */
export type Metered = MeteredDatabase | { stats(): readonly NamedCacheStats[] | NamedCacheStats };

/** One figure, under its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A figure that is shown: its name in words, which each system joins in its own way. */
export interface Metric {
  readonly words: readonly string[];
  readonly help: string;
  /** `counter`: it only grows. */
  readonly kind: 'counter' | 'gauge';
  readonly unit?: 'bytes' | 'seconds' | undefined;
  readonly labels: readonly string[];
  readonly samples: (of: Figures) => readonly Sample[];
}

/** Everything that is shown, as of one moment. */
export interface Figures {
  readonly caches: readonly NamedCacheStats[];
  readonly rungs: readonly RungStats[];
  readonly transactions: number | undefined;
  readonly statements: number | undefined;
}

export function figuresOf(source: Metered): Figures {
  const stats = source.stats();
  if (Array.isArray(stats)) return { caches: stats as readonly NamedCacheStats[], rungs: [], transactions: undefined, statements: undefined };
  if ('caches' in stats) return { caches: stats.caches, rungs: stats.rungs ?? [], transactions: stats.transactions, statements: stats.statements };
  return { caches: [stats as NamedCacheStats], rungs: [], transactions: undefined, statements: undefined };
}

type ModelFigure = 'hits' | 'misses' | 'evictions' | 'items' | 'bytes';

function byModel(figure: ModelFigure, help: string): Metric {
  const isGauge = figure === 'items' || figure === 'bytes';
  return {
    words: ['cache', figure], help, kind: isGauge ? 'gauge' : 'counter', unit: figure === 'bytes' ? 'bytes' : undefined, labels: ['cache', 'model'],
    samples: ({ caches }) => caches.flatMap(({ name, models }) => Object.entries(models).map(([model, stats]) => ({ labels: { cache: name, model }, value: stats[figure] }))),
  };
}

function byCache(words: readonly string[], help: string, kind: Metric['kind'], of: (cache: NamedCacheStats) => number | undefined): Metric {
  return {
    words: ['cache', ...words], help, kind, labels: ['cache'],
    samples: ({ caches }) => caches.flatMap((cache) => {
      const value = of(cache);
      return value === undefined ? [] : [{ labels: { cache: cache.name }, value }];
    }),
  };
}

function byRung(figure: 'questions' | 'records' | 'hits', help: string): Metric {
  return { words: ['rung', figure], help, kind: 'counter', labels: ['rung'], samples: ({ rungs }) => rungs.map((stats) => ({ labels: { rung: stats.rung }, value: stats[figure] })) };
}

function whole(figure: 'transactions' | 'statements', help: string): Metric {
  return { words: [figure], help, kind: 'counter', labels: [], samples: (of) => (of[figure] === undefined ? [] : [{ labels: {}, value: of[figure] }]) };
}

const QUANTILES = [['0.5', 'p50Ms'], ['0.95', 'p95Ms'], ['0.99', 'p99Ms']] as const;

/** What is shown, to whomever. */
export const METRICS: readonly Metric[] = [
  byModel('hits', 'Requests answered by the cache.'),
  byModel('misses', 'Requests the cache had no answer to.'),
  byModel('evictions', 'Entries that left because the cache was full.'),
  byModel('items', "Entries in this process's memory."),
  byModel('bytes', "What the entries take in this process's memory, estimated."),
  byCache(['stale', 'hits'], 'Requests answered with an expired entry, because its loader failed.', 'counter', ({ staleHits }) => staleHits),
  byCache(['sets'], "Entries that came into this process's memory.", 'counter', ({ sets }) => sets),
  byCache(['loads'], 'Loads that ended well.', 'counter', ({ loads }) => loads.count),
  byCache(['load', 'failures'], 'Loads that failed.', 'counter', ({ loadFailures }) => loadFailures),
  byCache(['server', 'up'], 'Whether the server of the second level answers: 1 or 0.', 'gauge', ({ shared }) => shared && Number(shared.isUp)),
  byCache(['server', 'calls'], 'Calls of the server.', 'counter', ({ shared }) => shared?.calls),
  byCache(['server', 'failures'], 'Calls of the server that failed or were late.', 'counter', ({ shared }) => shared?.failures),
  byCache(['server', 'refused'], 'Calls of the server that were not made, because it was away.', 'counter', ({ shared }) => shared?.refused),
  byCache(['server', 'outages'], 'Times that the server went away.', 'counter', ({ shared }) => shared?.outages),
  { ...byCache(['server', 'sent'], 'Values sent to the server.', 'counter', ({ shared }) => shared?.sentBytes), unit: 'bytes' },
  { ...byCache(['server', 'received'], 'Values received from the server.', 'counter', ({ shared }) => shared?.receivedBytes), unit: 'bytes' },
  byCache(['bus', 'up'], 'Whether the bus is there: 1 or 0.', 'gauge', ({ bus }) => bus && Number(bus.isUp)),
  byCache(['bus', 'sent'], 'Messages sent over the bus.', 'counter', ({ bus }) => bus?.sent),
  byCache(['bus', 'received'], 'Messages received over the bus.', 'counter', ({ bus }) => bus?.received),
  {
    words: ['cache', 'answer'], help: 'How long answers took, loaders included, since the start.', kind: 'gauge', unit: 'seconds', labels: ['cache', 'quantile'],
    samples: ({ caches }) => caches.flatMap(({ name, answers }) => QUANTILES.map(([quantile, figure]) => ({ labels: { cache: name, quantile }, value: answers[figure] / 1_000 }))),
  },
  byRung('questions', 'Questions asked of a rung of the ladder.'),
  byRung('records', 'Records asked for of a rung.'),
  byRung('hits', 'Records a rung answered without asking below.'),
  whole('transactions', 'Transactions begun.'),
  whole('statements', 'Statements sent to the storage.'),
];
