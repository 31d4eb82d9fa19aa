import type * as Telemetry from '@opentelemetry/api';
import { loadPackage } from './backend/load-package';
import { addTracer } from './metrics/tracing';
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

/** Where spans go. */
export interface OpenTelemetryTracesOptions {
  /** @defaultValue that of the global provider, of the name 'ormolu' */
  readonly tracer?: Telemetry.Tracer | undefined;
}

/**
 * Shows OpenTelemetry what takes time in all databases and caches of this process, each as a span: `ormolu.load`, the loader of a named cache; `redis getMany` and
 * the like, a call of a cache server; `ormolu.local.read` and the like, a question to a rung of the ladder, with those it asked below. What a loader begins itself belongs to its span.
 *
 * @returns ends it
 * @throws {MisuseError} TIER_PACKAGE_MISSING without @opentelemetry/api
 * @remarks What is answered from a named cache's memory has no span. Until this is called nothing is made for spans; keys and values are never part of one, what a loader's error says is.
 * @example openTelemetryTraces();
 */
export function openTelemetryTraces({ tracer }: OpenTelemetryTracesOptions = {}): () => void {
  const { trace, SpanKind, SpanStatusCode } = loadPackage('@opentelemetry/api', 'openTelemetryTraces()') as typeof Telemetry;
  const by = tracer ?? trace.getTracer('ormolu');
  return addTracer(({ name, isCall, attributes }, work) => by.startActiveSpan(name, { kind: isCall ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error) span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  }));
}
