import { char, defineModels, integer, many2many, many2one, memory, one2many, openOrmolu } from '../src/index';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), capital: many2one('city', { store: true }), smallest: many2one('city'), large: many2many('city'), capitalName: char({ store: true }), largeNames: char() },
  city: { name: char({ required: true }), size: integer(), country: many2one('country') },
})
  .compute('country', 'capital', ['cities.size'], (country) => country.cities.sorted((city) => city.size ?? 0, 'desc').first() ?? null)
  .compute('country', 'smallest', ['cities.name'], (country) => country.cities.sorted((city) => city.name).first() ?? null)
  .compute('country', 'large', ['cities.size'], (country) => country.cities.filtered((city) => (city.size ?? 0) > 10))
  .compute('country', 'capitalName', ['capital.name'], (country) => country.capital?.name ?? null)
  .compute('country', 'largeNames', ['large.name'], (country) => country.large.mapped('name').join());

test('relations are computed as other values are, stored or not', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([{ name: 'Ghent', size: 12, country }, { name: 'Bruges', size: 11, country }, { name: 'Ypres', size: 3, country }]);
    await country.load(['capital.name', 'smallest.name', 'large.name', 'capitalName', 'largeNames']);
    expect([country.capital?.name, country.smallest?.name, country.large.mapped('name'), country.capitalName, country.largeNames]).toEqual(['Ghent', 'Bruges', ['Ghent', 'Bruges'], 'Ghent', 'Ghent,Bruges']);
    await env.flush();
    const ypres = env.model('city').browse(3);
    await ypres.write({ size: 20, name: 'Ieper' });
    await country.load(['capital.name', 'smallest.name', 'large.name', 'capitalName', 'largeNames']);
    expect([country.capital?.name, country.large.mapped('name'), country.capitalName, country.largeNames]).toEqual(['Ieper', ['Ghent', 'Bruges', 'Ieper'], 'Ieper', 'Ghent,Bruges,Ieper']);
  });
  await db.transaction(async (env) => {
    const [country] = await env.model('country').search({ 'capital.name': 'Ieper' });
    expect(country?.id).toBe(1);
    await country?.load(['capital.name', 'large.name', 'largeNames']);
    expect([country?.capital?.name, country?.largeNames]).toEqual(['Ieper', 'Ghent,Bruges,Ieper']);
    // What cannot be stored is not to be stored.
    await expect(env.model('country').search({ 'large.name': 'Ghent' })).rejects.toThrow(/leads through country\.large, which is computed and not stored[^:]*: filter the records in memory/);
    await env.model('city').browse(3).write({ name: 'Ypres' });
    await country?.load(['capitalName', 'largeNames']);
    expect([country?.capitalName, country?.largeNames]).toEqual(['Ypres', 'Ghent,Bruges,Ypres']);
  });
  await db.close();
});
