import { aim, atMost, bench, trialCase, type TrialCase } from '../harness';
import { OURS, PEERS } from './support/asked-caches';
import { outage, type OutageSpec } from './support/outage';

const FIGURES: TrialCase['figures'] = {
  unanswered: { unit: 'calls without an answer', target: atMost(0) }, errors: { unit: 'errors', target: atMost(0) }, 'hot reads': { unit: 'ms, 99th percentile', target: aim(atMost(1)) },
  'first cold reads': { unit: 'ms more than the loader, at most', target: aim(atMost(50)) }, 'later cold reads': { unit: '× the loader, median', target: aim(atMost(1.1)) },
};

/** All with the options they have by themselves. */
const tried = (what: string, { kind, fault }: Omit<OutageSpec, 'name'>): TrialCase =>
  trialCase({
    name: what, rounds: 1, figures: FIGURES, ours: () => outage({ name: OURS, kind, fault }),
    peers: Object.fromEntries(PEERS[kind].map((name) => [name, () => outage({ name, kind, fault })])),
  });

export default bench({
  title: 'What becomes of callers when their cache server dies, or stands still without a word?',
  needsServers: true,
  cases: [
    tried('Redis is killed', { kind: 'redis', fault: 'SIGKILL' }), tried('Redis is stopped', { kind: 'redis', fault: 'SIGSTOP' }),
    tried('Memcached is killed', { kind: 'memcached', fault: 'SIGKILL' }), tried('Memcached is stopped', { kind: 'memcached', fault: 'SIGSTOP' }),
  ],
});
