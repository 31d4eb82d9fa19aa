import { char, defineModels, many2one, one2many, type EnvironmentOf } from 'ormolu';
import { City, Country } from 'country-state-city';

/** Countries and their cities. */
export const models = defineModels({
  country: { name: char({ required: true }), code: char({ required: true, size: 2 }), cities: one2many('city', 'country') },
  city: { name: char({ required: true, index: true }), country: many2one('country', { required: true }) },
});

export type World = EnvironmentOf<typeof models>;

/** All cities of three countries that the npm package `country-state-city` knows: 2,434 in all. */
export async function loadBenelux(env: World): Promise<void> {
  const codes = ['BE', 'NL', 'LU'];
  const countries = await env.model('country').create(codes.map((code) => ({ code, name: Country.getCountryByCode(code)?.name ?? code })));
  for (const [at, country] of [...countries].entries()) {
    await env.model('city').create((City.getCitiesOfCountry(codes[at] ?? '') ?? []).map(({ name }) => ({ name, country })));
  }
}

/** How many cities a country has; null when there is no such country. */
export async function cityCount(env: World, code: string): Promise<number | null> {
  const isThere = (await env.model('country').count({ code })) > 0;
  return isThere ? env.model('city').count({ 'country.code': code }) : null;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
