import type * as Prometheus from 'prom-client';
import { loadPackage } from './backend/load-package';
import { figuresOf, METRICS, type Figures, type Metered, type Metric } from './metrics/metered';

export { type Metered, type MeteredDatabase } from './metrics/metered';

/** Where figures are shown. */
export interface PrometheusOptions {
  /** @defaultValue the one that prom-client has by itself */
  readonly registry?: Prometheus.Registry | undefined;
  /** Stands before every name. @defaultValue 'ormolu' */
  readonly prefix?: string | undefined;
  /** Stand beside the labels of every figure: for several databases of one process. @defaultValue none */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/**
 * Shows the figures of a database, or of its caches, to Prometheus, through the package `prom-client`.
 *
 * @param source - what `openOrmolu` gave; `db.caches`; or one cache
 * @returns takes the figures out of the registry again
 * @throws {MisuseError} TIER_PACKAGE_MISSING without prom-client
 * @throws {Error} of prom-client, when figures of these names are there already: give another `registry` or `prefix`
 * @remarks Figures are taken when Prometheus asks, once for all: nothing is counted twice, and reads cost no more than without.
 * @example
 * prometheusMetrics(db);
 * app.get('/metrics', async (_, answer) => answer.type(register.contentType).send(await register.metrics()));
 */
export function prometheusMetrics(source: Metered, { registry, prefix = 'ormolu', labels = {} }: PrometheusOptions = {}): () => void {
  const { Counter, Gauge, register } = loadPackage('prom-client', 'prometheusMetrics()') as typeof Prometheus;
  const into = registry ?? register;
  const figures = oncePerTick(() => figuresOf(source));
  const names = METRICS.map((metric) => {
    const name = nameOf(prefix, metric);
    const samples = (): readonly (readonly [Record<string, string>, number])[] => metric.samples(figures()).map((one) => [{ ...one.labels, ...labels }, one.value]);
    const common = { name, help: metric.help, labelNames: [...metric.labels, ...Object.keys(labels)], registers: [into] };
    if (metric.kind === 'counter') {
      new Counter({ ...common, collect(): void {
        this.reset();
        for (const [of, value] of samples()) this.inc(of, value);
      } });
    } else {
      new Gauge({ ...common, collect(): void {
        this.reset();
        for (const [of, value] of samples()) this.set(of, value);
      } });
    }
    return name;
  });
  return () => {
    for (const name of names) into.removeSingleMetric(name);
  };
}

/** @see https://prometheus.io/docs/practices/naming/ */
function nameOf(prefix: string, { words, unit, kind }: Metric): string {
  const all = [prefix, ...words, ...(unit !== undefined && words.at(-1) !== unit ? [unit] : []), ...(kind === 'counter' ? ['total'] : [])];
  return all.join('_');
}

/** One answer to Prometheus asks for every figure in turn. */
function oncePerTick(read: () => Figures): () => Figures {
  let known: Figures | undefined;
  return () => {
    if (known === undefined) setImmediate(() => (known = undefined));
    return (known ??= read());
  };
}
