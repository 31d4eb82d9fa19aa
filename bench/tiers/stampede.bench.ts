import { atMost, bench, trialCase, type TrialCase } from '../harness';
import { OURS, PEERS, type ServerKind } from './support/asked-caches';
import { stampede } from './support/stampede';

const FIGURES = { loads: { unit: 'loader calls', target: atMost(1) }, unanswered: { unit: 'callers without an answer', target: atMost(0) } };

/** The load takes 50 ms, so that all have asked before it is over; a failing one is called once a lease, which is longer than that. */
const together = (what: string, kind: ServerKind, loader: 'gives' | 'fails'): TrialCase =>
  trialCase({
    name: what, figures: FIGURES, ours: () => stampede({ name: OURS, kind, loader }),
    peers: Object.fromEntries(PEERS[kind].map((name) => [name, () => stampede({ name, kind, loader })])),
  });

export default bench({
  title: 'How often is a loader called when 1,000 callers in each of 8 processes ask for one cold key?',
  needsServers: true,
  cases: [
    together('Redis, stampede', 'redis', 'gives'), together('Redis, stampede on a loader that fails', 'redis', 'fails'),
    together('Memcached, stampede', 'memcached', 'gives'), together('Memcached, stampede on a loader that fails', 'memcached', 'fails'),
  ],
});
