// What one transaction learned serves the next, and is never wrong: the local cache is on without being asked for.
import { char, defineModels, integer, many2one, one2many, openOrmolu, ormcache, pglite, type EnvironmentOf } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), inhabitants: integer(), note: char(), country: many2one('country') },
});
type Env = EnvironmentOf<typeof models>;

const headline = ormcache(async (env: Env, country: number) => `${String(await env.model('city').count({ country }))} cities`, { name: 'headline', group: 'geo' });

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();
  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([{ name: 'Ghent', inhabitants: 265_000, country: belgium }, { name: 'Ypres', inhabitants: 35_000, country: belgium }]);
  });

  const large = (): Promise<string> => db.transaction(async (env) => {
    const cities = await env.model('city').search({ inhabitants: { gte: 30_000 } }, { order: ['name'] });
    return env.run(() => [...cities].map((city) => `${city.name}, ${city.country?.name ?? 'nowhere'}`).join('; '));
  });
  const asked = async (what: string): Promise<void> => {
    const before = db.stats().rungs.at(-1)?.questions ?? 0;
    const answer = await large();
    say(`${what}: ${answer} (${String((db.stats().rungs.at(-1)?.questions ?? 0) - before)} questions to the database)`);
  };
  await asked('first');
  await asked('again');
  await db.transaction(async (env) => (await env.model('city').browse(1).load(['note'])).write({ note: 'on the Leie' }));
  await asked('after a change that the search does not look at');
  await db.transaction(async (env) => (await env.model('city').browse(2).load(['inhabitants'])).write({ inhabitants: 29_000 }));
  await asked('after one that it does');

  await db.transaction(async (env) => say(await headline(env, 1)));
  await db.transaction(async (env) => {
    await env.model('city').create({ name: 'Mons', country: 1 });
    await headline.clear(env);
  });
  await db.transaction(async (env) => say(await headline(env, 1)));
  await db.close();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

void main();
