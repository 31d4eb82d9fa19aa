export { openTelemetryMetrics, openTelemetryTraces, type Metered, type MeteredDatabase, type OpenTelemetryOptions, type OpenTelemetryTracesOptions } from '@ormolu/tiers/opentelemetry';
