import { aim, atMost, bench, figureCase, timeCase, type FigureCase, type TimeCase } from '../harness';
import { ids } from '../storage/support/open-world';
import { byHand, local, overNetwork, tripsOf, type Work } from './support/sides';

const [TWENTY, THOUSAND] = [ids(20), ids(1_000)];
const READ = 'select id, name, population from city where id = any($1)';
const WRITE = 'update city set population = $2 where id = any($1)';

/** A new number each time: what is as it was is not written. */
let next = 0;

const TWENTY_WARM: Work = { times: 50, keeps: true, work: (env) => env.model('city').browse(TWENTY).load(['name', 'population']) };
const THOUSAND_COLD: Work = { times: 10, keeps: false, work: (env) => env.model('city').browse(THOUSAND).load(['name', 'population']) };
const THOUSAND_WRITTEN: Work = {
  times: 5, keeps: true,
  work: async (env) => {
    next += 1;
    await env.model('city').browse(THOUSAND).write({ population: next });
  },
};

const besideLocal = (name: string, work: Work): TimeCase => timeCase({ name: `${name}; base: storage in this process`, compare: 'speed', operations: work.times, base: () => local(work), ours: () => overNetwork(work) });
const besideHand = (name: string, work: Work, text: string, values: () => unknown[]): TimeCase => timeCase({
  name: `${name}; base: pg by hand`, compare: 'speed', operations: work.times, base: () => byHand(work.times, (client) => client.query(text, values())), ours: () => overNetwork(work),
});
const roundTrips = (name: string, work: Work, most: number): FigureCase => figureCase({ name: `round trips: ${name}`, target: aim(atMost(most)), unit: 'round trips', rounds: 5, measure: () => tripsOf(work) });

export default bench({
  needsServers: true,
  title: 'A client of a server on this machine, whole transactions at REPEATABLE READ',
  cases: [
    besideLocal('20 warm records', TWENTY_WARM),
    besideHand('20 warm records', TWENTY_WARM, READ, () => [TWENTY]),
    besideLocal('1,000 cold records', THOUSAND_COLD),
    besideHand('1,000 cold records', THOUSAND_COLD, READ, () => [THOUSAND]),
    besideLocal('a write of 1,000 records', THOUSAND_WRITTEN),
    besideHand('a write of 1,000 records', THOUSAND_WRITTEN, WRITE, () => [THOUSAND, (next += 1)]),
    roundTrips('20 warm records', TWENTY_WARM, 2),
    roundTrips('1,000 cold records', THOUSAND_COLD, 2),
    roundTrips('a write of 1,000 records', THOUSAND_WRITTEN, 3),
  ],
});
