// Two models, and a read that walks the ladder: plain property access, one statement a hop.
import { char, defineModels, integer, many2one, one2many, openOrmolu, pglite } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), population: integer(), country: many2one('country') },
});

async function main(): Promise<void> {
  // PostgreSQL itself, inside this process. Give it a dataDir to keep what you write.
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();

  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([
      { name: 'Ghent', population: 265_000, country: belgium },
      { name: 'Bruges', population: 118_000, country: belgium },
    ]);
  });

  await db.transaction(async (env) => {
    const cities = await env.model('city').search({ 'country.name': 'Belgium' }, { order: ['-population'] });
    // Nothing is loaded yet. Inside run() a read that misses fetches for all records at once, and the function starts again.
    const lines = await env.run(() => [...cities].map((city) => `${city.name} in ${city.country?.name ?? 'no country'}`));
    console.log(lines.join('\n'));
  });
  await db.close();
}

void main();
