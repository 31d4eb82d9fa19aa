// One process has the database open and serves it; two others use it as if it were theirs, each with a cache of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { char, defineModels, integer, many2one, one2many, openOrmolu, pglite, remote, serve } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), inhabitants: integer({ store: true }) },
  city: { name: char({ required: true }), inhabitants: integer(), country: many2one('country', { required: true }) },
}).computeBatch('country', ['inhabitants'], ['cities.inhabitants'], (countries) => {
  for (const country of countries) country.inhabitants = country.cities.mapped('inhabitants').reduce<number>((sum, count) => sum + (count ?? 0), 0);
});

const TOKEN = 'a secret of the workers'.replaceAll(' ', '-');

/** What a client does: adds a city, says how many people its country has then, looks at all cities twice, and tells which step of the lookup had what. */
async function client(url: string, name: string, inhabitants: number): Promise<void> {
  const db = await openOrmolu({ models, storage: remote(url, { token: TOKEN }) });
  const total = await db.transaction(async (env) => {
    const country = (await env.model('country').search({ name: 'Belgium' })).ensureOne();
    await env.model('city').create({ name, inhabitants, country });
    return env.run(() => country.inhabitants);
  });
  process.stdout.write(`${name} makes it ${String(total)}\n`);
  for (let look = 0; look < 2; look += 1) {
    const names = await db.transaction(async (env) => (await (await env.model('city').search({}, { order: ['name'] })).read(['name'])).map((city) => city.name));
    process.stdout.write(`  the cities: ${names.join(', ')}\n`);
  }
  for (const { rung, records, hits } of db.stats().rungs) process.stdout.write(`  ${rung}: asked for ${String(records)} values or records, had ${String(hits)}\n`);
  await db.close();
}

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();
  await db.transaction((env) => env.model('country').create({ name: 'Belgium' }));
  const server = await serve(db, { port: 0, auth: { workers: [TOKEN] } });
  for (const [name, inhabitants] of [['Ghent', 265_000], ['Ypres', 35_000]] as const) {
    const child = fork(__filename, [server.url, name, String(inhabitants)], { execArgv: process.execArgv });
    const [code] = await once(child, 'exit') as [number | null];
    if (code !== 0) throw new Error(`The client that adds ${name} ended with ${String(code)}.`);
  }
  process.stdout.write(`the server has ${String(await db.transaction((env) => env.model('city').count({})))} cities\n`);
  await server.close();
  await db.close();
}

const [url, name, inhabitants] = process.argv.slice(2);
void (url === undefined ? main() : client(url, name ?? '', Number(inhabitants)));
