export { openTelemetryMetrics, type Metered, type MeteredDatabase, type OpenTelemetryOptions } from '@ormolu/tiers/opentelemetry';
