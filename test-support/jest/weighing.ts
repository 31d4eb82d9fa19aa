import { basename } from 'node:path';

/** The test files that weigh the memory of their process. */
const WEIGHING = new Set(['memory.test.ts', 'local-records.test.ts', 'local-commands.test.ts']);

// Jest's processes go from file to file, and what an earlier one left behind, held by a timer or a socket that closes, may go while a later one weighs: by tens of
// megabytes. What does not give memory back, or takes more than its bound, does so each time.
if (WEIGHING.has(basename(expect.getState().testPath ?? ''))) jest.retryTimes(2, { logErrorsBeforeRetry: true });
