// Runs jest in this process, once per message, against the copy whose folder was given. Answers whether a test failed.
import { createRequire } from 'node:module';

const { runCLI } = createRequire(import.meta.url)('jest');
const [folder] = process.argv.slice(2);

process.on('message', async ({ thorough }) => {
  process.env.ORMOLU_LAW_RUNS = thorough ? '400' : '60';
  const { results } = await runCLI({
    config: `${folder}/jest.config.json`, runInBand: true, silent: true, bail: 1, reporters: [], watchman: false, cache: true,
    testPathIgnorePatterns: thorough ? [] : ['memory.test', 'column.law'],
  }, [folder]);
  process.send({ isKilled: !results.success });
});
process.send({ isReady: true });
