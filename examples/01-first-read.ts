// Define models, write records, read them back: nothing is loaded by hand, and no line of this asks the database once a record.
import { char, defineModels, integer, many2one, one2many, openOrmolu, pglite } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), population: integer({ store: true }) },
  city: { name: char({ required: true }), inhabitants: integer(), country: many2one('country', { required: true }) },
}).computeBatch('country', ['population'], ['cities.inhabitants'], (countries) => {
  for (const country of countries) country.population = country.cities.mapped('inhabitants').reduce<number>((sum, count) => sum + (count ?? 0), 0);
});

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();
  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([{ name: 'Ghent', inhabitants: 265_000, country: belgium }, { name: 'Ypres', inhabitants: 35_000, country: belgium }]);
  });
  await db.transaction(async (env) => {
    const cities = await env.model('city').search({ inhabitants: { gte: 10_000 } }, { order: ['name'] });
    const lines = await env.run(() => [...cities].map((city) => `${city.name} lies in ${city.country.name}, population ${String(city.country.population)}`));
    process.stdout.write(`${lines.join('\n')}\n`);
  });
  await db.close();
}

void main();
