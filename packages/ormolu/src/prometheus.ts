export { prometheusMetrics, type Metered, type MeteredDatabase, type PrometheusOptions } from '@ormolu/tiers/prometheus';
