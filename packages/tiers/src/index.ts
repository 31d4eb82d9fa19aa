export { Histogram, type DurationSummary } from './histogram';
export { MeasuredRung, type MeasuredStats } from './measured-rung';
