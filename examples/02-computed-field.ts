// Computed fields: say once what a value is made from, and it stays true, in memory and in the database.
import { char, defineModels, integer, many2one, one2many, openOrmolu, pglite } from 'ormolu';

const models = defineModels({
  country: {
    name: char({ required: true }),
    cities: one2many('city', 'country'),
    // Stored: it has a column, so that searches can use it.
    population: integer({ store: true }),
  },
  city: {
    name: char({ required: true }),
    population: integer({ default: 0 }),
    country: many2one('country', { required: true }),
    displayName: char({ store: true }),
    // Not stored: worked out when somebody reads it.
    shout: char(),
  },
})
  // What each function reads stands before it, as paths. The compiler checks them: 'country.nme' would not compile.
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country.name}`)
  .compute('city', 'shout', ['displayName'], (city) => `${city.displayName?.toUpperCase() ?? ''}!`)
  // For many records at once: assign to every one.
  .computeBatch('country', ['population'], ['cities.population'], (countries) => {
    for (const country of countries) country.population = [...country.cities].reduce((sum, city) => sum + (city.population ?? 0), 0);
  });

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();

  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium' });
    const cities = await env.model('city').create([
      { name: 'Ghent', population: 265_000, country: belgium },
      { name: 'Bruges', population: 118_000, country: belgium },
    ]);

    // load() brings paths into memory; from then on reads are plain property accesses, outside of run() too.
    await cities.load(['displayName', 'country.population']);
    const ghent = cities.at(0);
    if (!ghent) throw new Error('There are two cities.');
    console.log(`created:   ${ghent.displayName ?? ''}; ${String(belgium.population)} people in ${belgium.name}`);

    // An assignment touches memory only. Who depends on it is marked, and computed when it is read …
    belgium.name = 'Belgique';
    ghent.population = 270_000;
    console.log(`in memory: ${await env.run(() => `${ghent.shout ?? ''} ${String(belgium.population)} people`)}`);

    // … or by the flush, for all records together: here one UPDATE for each model.
    await env.flush();
    const rows = await env.sql('select display_name from city order by id');
    console.log(`stored:    ${rows.map((row) => String(row['display_name'])).join(' and ')}`);
  });
  await db.close();
}

void main();
