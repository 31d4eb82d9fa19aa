// One peer, in a process of its own, asked by main.mjs. Counts the statements that go through `pg`, which all of them use.
import pg from 'pg';
import { WORKLOADS } from './workloads.mjs';

let sent = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function counting(...given) {
  sent += 1;
  return query.apply(this, given);
};

/** Times what a method does after it has loaded what it needs. */
class Clock {
  #statements;
  #from;
  ms;
  statements;

  constructor(statements) {
    this.#statements = statements;
    this.start();
  }

  start() {
    globalThis.gc();
    this.#from = { at: performance.now(), sent: this.#statements() };
  }

  stop() {
    this.ms ??= performance.now() - this.#from.at;
    this.statements ??= this.#statements() - this.#from.sent;
  }

  /** So many ids from 1 to n, in no order, the same at every call. */
  ids(n, count) {
    let seed = 1;
    return Array.from({ length: count }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return 1 + ((seed >>> 8) % n);
    });
  }
}

const { default: peer } = await import(`./peers/${process.argv[2]}.mjs`);
const statements = peer.statements ?? (() => sent);

async function answer({ op, workload, n, salt, rows }) {
  if (op === 'open') {
    await peer.open(process.env.DATABASE_URL);
    return { name: peer.name };
  }
  if (op === 'close') {
    await peer.close();
    setImmediate(() => process.exit(0));
    return {};
  }
  const clock = new Clock(statements);
  const result = await WORKLOADS[workload].play(peer, { n, salt, rows, clock });
  clock.stop();
  const per = workload === 'W5' ? peer.reads : 1;
  return { ms: clock.ms / per, statements: clock.statements / per, result: workload === 'W4' ? result : undefined, shown: workload === 'W7' ? result : undefined };
}

process.on('disconnect', () => process.exit(1));
process.on('message', (request) => {
  answer(request).then((reply) => process.send(reply), (error) => process.send({ error: String(error?.stack ?? error).slice(0, 600) }));
});
