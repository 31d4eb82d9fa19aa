// Ormolu beside its peers, on real PostgreSQL: `npm install && npx prisma generate` here, then, from the root of the repository,
//   node --conditions=@ormolu/source --require ./scripts/ts-node.cjs bench/peers/main.mjs [--workloads W1,W2] [--peers ormolu,drizzle] [--rounds 5] [--sizes 100000]
// Peers are asked in turn, round by round; a figure is the median of its ratios to the statements written by hand. What a first round
// says would take too long is measured once, or at a tenth of the size and marked with ~.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { fill, restore } from './cities.mjs';
import { models } from './models.mjs';
import { WORKLOADS } from './workloads.mjs';

const require = createRequire(new URL('../package.json', import.meta.url));
const { openOrmolu, postgres } = require('ormolu');
const { createDatabase, startServices } = require('@ormolu/test-support');
const { Client } = require('pg');

const PEERS = ['by-hand', 'ormolu', 'mikro-orm', 'typeorm', 'drizzle', 'prisma', 'sequelize', 'objection', 'joist'];
/** Longer than this, and a peer is asked once only, or at a tenth of the size. */
const ONCE_MS = 4000;
const TENTH_MS = 12_000;

const { values: given } = parseArgs({ options: { workloads: { type: 'string', default: Object.keys(WORKLOADS).join() }, peers: { type: 'string', default: PEERS.join() }, rounds: { type: 'string', default: '5' }, sizes: { type: 'string' } } });
const rounds = Number(given.rounds);
const sizes = given.sizes?.split(',').map(Number);

class Peer {
  constructor(file) {
    this.file = file;
    this.child = fork(new URL('peer-process.mjs', import.meta.url), [file], { execArgv: [...process.execArgv, '--expose-gc', '--max-old-space-size=3000', '--no-warnings'] });
  }

  ask(message) {
    return new Promise((resolve, reject) => {
      const gone = (code) => reject(new Error(`${this.file} ended with ${code}`));
      this.child.once('exit', gone);
      this.child.once('message', (reply) => {
        this.child.off('exit', gone);
        if (reply.error) reject(new Error(`${this.file}: ${reply.error}`));
        else resolve(reply);
      });
      this.child.send(message);
    });
  }
}

let salt = Math.trunc(Date.now() / 1000) % 100_000;

/** One round of one peer, checked in the database. */
async function round(peer, client, { name, workload, n, cities, populations }) {
  salt += 1;
  await workload.before?.(client, { n });
  const expected = await workload.answer?.(client, { n });
  const reply = await peer.ask({ op: 'play', workload: name, n, salt, rows: name === 'W3' ? cities.slice(0, n) : undefined });
  if (workload.check && !await workload.check(client, { n, salt })) throw new Error(`${peer.file}: ${name} left the wrong rows`);
  if (expected !== undefined && reply.result !== expected) throw new Error(`${peer.file}: ${name} answered ${reply.result} for ${expected}`);
  const right = reply.shown && reply.shown.filter(([id, population]) => populations.get(id) === population).length / n;
  return { ms: reply.ms, statements: reply.statements, right };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

async function compare(peers, client, setting) {
  const { workload, n } = setting;
  const results = new Map(peers.map((peer) => [peer, { figures: [], factor: 1, times: rounds }]));
  for (const [peer, result] of results) {
    try {
      const small = Math.ceil(n / 10);
      const { ms } = await round(peer, client, { ...setting, n: small });
      if (ms * 10 > TENTH_MS && setting.name !== 'W5') Object.assign(result, { factor: 10, times: 1, n: small });
      else if (ms * 10 > ONCE_MS && setting.name !== 'W5') result.times = 1;
    } catch (error) {
      result.error = error.message;
    }
  }
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const [peer, result] of results) {
      if (result.error || turn >= result.times) continue;
      try {
        const figure = await round(peer, client, { ...setting, n: result.n ?? n });
        result.figures.push({ ...figure, ms: figure.ms * result.factor, statements: figure.statements * result.factor });
      } catch (error) {
        result.error = error.message;
      }
    }
  }
  console.log(`\n${setting.name} ${workload.title}, ${n.toLocaleString('en')}`);
  const base = results.get(peers[0]).figures;
  for (const [peer, { figures, factor, error }] of results) {
    if (error) {
      console.log(`  ${peer.name.padEnd(18)} ${error}`);
      continue;
    }
    const ratio = median(figures.map(({ ms }, turn) => ms / (figures.length === base.length ? base[turn].ms : median(base.map((one) => one.ms)))));
    const { statements, right } = figures.at(-1);
    console.log(`  ${peer.name.padEnd(18)} ${(factor > 1 ? '~' : '') + ratio.toPrecision(3)} × (${Math.round(statements)} statements${right === undefined ? '' : `, ${Math.round(right * 100)} % right`})`);
  }
}

const services = await startServices();
const database = await createDatabase();
process.env.DATABASE_URL = database.url;
const db = await openOrmolu({ models, storage: postgres(database.url) });
await db.migrate();
await db.close();
const client = new Client({ connectionString: database.url });
await client.connect();
const cities = await fill(client);
const populations = new Map((await client.query('select id, population from city')).rows.map(({ id, population }) => [id, population]));
const peers = [];
for (const file of given.peers.split(',')) {
  const peer = new Peer(file);
  try {
    peer.name = (await peer.ask({ op: 'open' })).name;
    peers.push(peer);
  } catch (error) {
    console.error(error.message);
    peer.child.kill();
  }
}
for (const name of given.workloads.split(',')) {
  for (const n of WORKLOADS[name].sizes.filter((size) => sizes?.includes(size) ?? true)) {
    await restore(client);
    await compare(peers, client, { name, workload: WORKLOADS[name], n, cities, populations });
  }
}
for (const peer of peers) await peer.ask({ op: 'close' }).catch(() => undefined);
await client.end();
await database.drop();
await services.stop();
