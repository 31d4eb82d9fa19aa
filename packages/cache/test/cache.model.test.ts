import { Cache } from '@ormolu/cache';
import { cacheCommands, subjects } from '@ormolu/cache/testing';
import { lawRuns, lawSeed } from '@ormolu/test-support';
import * as fc from 'fast-check';

const DAILY_RUNS = 400;

describe('the cache against its model', () => {
  test('law: for every script of calls, undo marks included, the cache answers what the model answers and holds what it holds', () => {
    const runs = lawRuns(DAILY_RUNS);
    let commands = 0;
    fc.assert(fc.property(cacheCommands(), (script) => {
      const counted = [...script].map((command) => ({
        check: () => true,
        run: (...both: Parameters<typeof command.run>) => {
          commands += 1;
          command.run(...both);
        },
        toString: () => command.toString(),
      }));
      fc.modelRun(() => subjects(new Cache()), counted);
    }), { numRuns: runs });
    console.log(`cache model law: ${commands} commands, seed ${lawSeed()}`);
    if (runs >= DAILY_RUNS) expect(commands).toBeGreaterThanOrEqual(10_000);
  });
});
