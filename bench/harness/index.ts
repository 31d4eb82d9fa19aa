export {
  aim, atLeast, atMost, bench, figureCase, growthCase, memoryCase, timeCase, trialCase,
  type Bench, type Case, type FigureCase, type GrowthCase, type MemoryCase, type Side, type Target, type TimeCase, type Timed, type Trial, type TrialCase,
} from './bench';
export { settledBytes } from './measure';
