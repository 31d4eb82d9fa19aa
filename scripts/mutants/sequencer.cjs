// The tests that notice most come first, because the first that fails ends the run of a mutant.
const FIRST = ['cache.test', 'cache.model', 'undo.test', 'slot-index', 'column.law', 'check.test', 'cache-stats'];
const rank = ({ path }) => {
  const place = FIRST.findIndex((part) => path.includes(part));
  return place === -1 ? FIRST.length : place;
};

module.exports = class Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
};
