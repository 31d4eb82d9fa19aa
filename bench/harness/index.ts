export {
  aim, atLeast, atMost, bench, figureCase, growthCase, memoryCase, timeCase,
  type Bench, type Case, type FigureCase, type GrowthCase, type MemoryCase, type Side, type Target, type TimeCase, type Timed,
} from './bench';
export { settledBytes } from './measure';
