// The order of test files where jest remembers no run, as in a fresh clone: by size of file, which says nothing of laws and soaks. A long
// one that begins last has one core waiting for the other, so the longest begin first.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Those of more than about 25 seconds, longest first. */
const LONGEST = [
  'packages/ormolu/test/soak.pg.test.ts', 'packages/transaction/test/random-models.law.test.ts',
  'packages/tiers/test/protocol/protocol.model.test.ts', 'examples/test/tour.test.ts', 'examples/test/cookbook.test.ts',
  'packages/transaction/test/ladder.law.test.ts', 'packages/tiers/test/local/local-records.test.ts', 'packages/transaction/test/ladder.pg.test.ts',
  'packages/storage/test/fresh-image.test.ts', 'packages/remote/test/untaken-answers.test.ts', 'packages/tiers/test/regressions/a-master-whose-place-is-taken.test.ts',
  'packages/ormolu/test/killed-server.pg.test.ts', 'packages/ormolu/test/every-operator.pg.test.ts', 'bench/harness/test/run-case.test.ts', 'oracle/test/runner.test.ts',
  'packages/ormolu/test/cli.pg.test.ts', 'packages/remote/test/hostile.test.ts', 'packages/transaction/test/random-models.law.pg.test.ts',
  'packages/tiers/test/shared-rung/shared-rung.law.test.ts', 'packages/storage/test/many-records.pg.test.ts', 'packages/storage/test/alterations.pg.test.ts',
];

exports = module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = LONGEST.findIndex((name) => path.replaceAll('\\', '/').endsWith(name));
      return at < 0 ? LONGEST.length : at;
    };
    // Sorting keeps the order of equals.
    return [...super.sort(tests)].sort((one, other) => place(one) - place(other));
  }
};
exports.LONGEST = LONGEST;
