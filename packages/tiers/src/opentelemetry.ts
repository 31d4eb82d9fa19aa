import type * as Telemetry from '@opentelemetry/api';
import { loadPackage } from './backend/load-package';
import { figuresOf, METRICS, type Metered, type Metric } from './metrics/metered';

export { type Metered, type MeteredDatabase } from './metrics/metered';

/** Where figures are shown. */
export interface OpenTelemetryOptions {
  /** @defaultValue that of the global provider, of the name 'ormolu' */
  readonly meter?: Telemetry.Meter | undefined;
  /** Stands before every name. @defaultValue 'ormolu' */
  readonly prefix?: string | undefined;
  /** Stand beside the attributes of every figure: for several databases of one process. @defaultValue none */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/**
 * Shows the figures of a database, or of its caches, to OpenTelemetry, through the package `@opentelemetry/api`.
 *
 * @param source - what `openOrmolu` gave; `db.caches`; or one cache
 * @returns ends it
 * @throws {MisuseError} TIER_PACKAGE_MISSING without @opentelemetry/api
 * @remarks Figures are taken when a reader of the SDK collects them, once for all. Without an SDK nothing happens.
 * @example openTelemetryMetrics(db);
 */
export function openTelemetryMetrics(source: Metered, { meter, prefix = 'ormolu', attributes = {} }: OpenTelemetryOptions = {}): () => void {
  const { metrics } = loadPackage('@opentelemetry/api', 'openTelemetryMetrics()') as typeof Telemetry;
  const on = meter ?? metrics.getMeter('ormolu');
  const shown = METRICS.map((metric): readonly [Metric, Telemetry.Observable] => {
    const name = [prefix, ...metric.words].join('.');
    const options = { description: metric.help, ...(metric.unit === undefined ? {} : { unit: metric.unit === 'bytes' ? 'By' : 's' }) };
    return [metric, metric.kind === 'counter' ? on.createObservableCounter(name, options) : on.createObservableGauge(name, options)];
  });
  const observe = (result: Telemetry.BatchObservableResult): void => {
    const figures = figuresOf(source);
    for (const [metric, observable] of shown) for (const { labels, value } of metric.samples(figures)) result.observe(observable, value, { ...attributes, ...labels });
  };
  const observables = shown.map(([, observable]) => observable);
  on.addBatchObservableCallback(observe, observables);
  return () => on.removeBatchObservableCallback(observe, observables);
}
