export { createDatabase, type ScratchDatabase } from './create-database';
export { lawRuns } from './law-runs';
export { startServices, type Services } from './start-services';
