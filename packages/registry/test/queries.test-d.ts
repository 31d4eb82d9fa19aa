// Compiled by the typecheck gate, never run: what must compile, and what must not.
import { char, defineModels, integer, many2one, one2many, type DefinitionsOf, type EnvironmentOf } from '../src/index';

// The compiler calls two functions of this form the same only when A and B are identical.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
declare function holds<Claim extends true>(): Claim | undefined;

const _models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), population: integer(), country: many2one('country') },
});
type World = DefinitionsOf<typeof _models>;
declare const env: EnvironmentOf<World>;
const cities = env.model('city');

// Queries take what searches take, and give what sets give.
const big = cities.where({ population: { gte: 1000 }, 'country.name': 'Belgium' }).orderBy('country.name', '-population').limit(3).offset(1).prefetch('country.name', 'country.cities');
holds<Same<Awaited<ReturnType<typeof big.all>>, typeof cities>>();
holds<Same<NonNullable<Awaited<ReturnType<typeof big.first>>>['name'], string>>();
holds<Same<Awaited<ReturnType<typeof big.ids>>, readonly number[]>>();
const length = env.run(() => {
  for (const { name, country } of cities.where({ country: 3 })) name.concat(country?.name ?? '');
  return big.length;
});
void length.then((found) => found + 1);

const _cached = cities.where({ population: 3 }).cache('fast').cacheTtl('5m').cacheKey('three').noCache().cacheRefresh().prefetch('country.name');
holds<Same<Awaited<ReturnType<typeof _cached.all>>, typeof cities>>();
// @ts-expect-error a length of time has a unit
cities.where().cacheTtl('5 minutes');
// @ts-expect-error there is no such field
cities.where({ popuation: 3 });
// @ts-expect-error a text is no number
cities.where({ population: 'many' });
// @ts-expect-error there is no such path
cities.where().orderBy('country.nmae');
// @ts-expect-error there is no such path, descending
cities.where().orderBy('-nmae');
// @ts-expect-error there is no such path
cities.where().prefetch('contry');
// @ts-expect-error a query is no set: it has not been asked
cities.union(big);

// Environments know who asks, and give environments of the same kind.
holds<Same<typeof env.uid, number | null>>();
holds<Same<typeof env.lang, string | null>>();
void env.withContext({ lang: 'fr' }).sudo().withUser(3).withCompany(1).model('city').where({ name: 'x' }).all();
// @ts-expect-error nothing is known of the user's fields where the model of users is not named
env.user?.name;

// Groups are known by what they were asked for.
const _groups = cities.readGroup({ by: ['country.name', 'country'], sum: ['population'], countDistinct: ['name'], filter: { population: { gt: 3 } }, order: ['-count', 'country.name', '-sum.population'], limit: 3 });
type Grouped = Awaited<typeof _groups>[number];
holds<Same<Grouped['by']['country.name'], string | null>>();
holds<Same<Grouped['by']['country'], number | null>>();
holds<Same<Grouped['sum']['population'], number | null>>();
holds<Same<Grouped['countDistinct']['name'], number>>();
holds<Same<Grouped['count'], number>>();
// @ts-expect-error there is no such path
void cities.readGroup({ by: ['country.nmae'] });
// @ts-expect-error there is no such figure
void cities.readGroup({ total: ['population'] });
// @ts-expect-error groups are ordered by what was asked for
void cities.readGroup({ by: ['name'], order: ['population'] });
// @ts-expect-error a text is no number
void cities.readGroup({ filter: { population: 'many' } });
