// Compiled by the typecheck gate, never run: what must compile, and what must not.
import { char, defineModels, float, integer, many2one, one2many, type EnvironmentOf, type DefinitionsOf, type RecordOf } from '../src/index';

// The compiler calls two functions of this form the same only when A and B are identical.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
declare function holds<Claim extends true>(): Claim | undefined;

const models = defineModels({
  continent: { name: char({ required: true }), countries: one2many('country', 'continent') },
  country: { name: char({ required: true }), code: char(), continent: many2one('continent'), cities: one2many('city', 'country'), cityCount: integer({ store: true }) },
  city: {
    name: char({ required: true }), population: integer(), area: float(), country: many2one('country', { required: true }), twin: many2one('city'),
    label: char({ store: true }),
  },
});
type World = DefinitionsOf<typeof models>;
declare const env: EnvironmentOf<World>;
declare const city: RecordOf<World, 'city'>;
const cities = env.model('city').browse([1, 2]);

// Values follow from the definition: required ones are never null, relations may be circular.
holds<Same<typeof city.name, string>>();
holds<Same<typeof city.population, number | null>>();
holds<Same<typeof city.country.name, string>>();
holds<Same<typeof city.country.cityCount, number | null>>();
const twin = city.twin;
// @ts-expect-error an optional relation may be null
twin.name;
holds<Same<NonNullable<NonNullable<typeof twin>['twin']>['country']['code'], string | null>>();
for (const { name } of city.country.cities) name.trim();

// @ts-expect-error there is no such model
void env.model('citty');
// @ts-expect-error there is no such field
city.nme;
// @ts-expect-error fields are read on single records
cities.name;
cities.at(0)?.name;

// Assignment takes what a read gives.
city.population = 3;
city.population = null;
city.twin = city;
// @ts-expect-error a number is no text
city.name = 3;
// @ts-expect-error a required value is never null
city.name = null;
// @ts-expect-error a record of another model
city.twin = city.country;

// @ts-expect-error a list is the other side of a relation
city.country.cities = cities;

// Paths are followed part by part.
void cities.load(['name', 'country.name', 'country.continent.name', 'twin.twin.country.continent.name']);
// @ts-expect-error the first part is wrong
void cities.load(['contry.name']);
// @ts-expect-error the last part is wrong
void cities.load(['country.nme']);
// @ts-expect-error the fourth part is wrong
void cities.load(['twin.twin.country.contnent.name']);
// @ts-expect-error a name leads nowhere
void cities.load(['name.length']);

holds<Same<ReturnType<typeof cities.mapped<'country.cities.population'>>, readonly (number | null)[]>>();
cities.mapped('country').at(0)?.code;
// @ts-expect-error a wrong path
void cities.mapped('country.citties');

// Writing checks names and values; ids stand for records.
void cities.write({ name: 'Ghent', population: null, country: 3 });
void env.model('city').create({ name: 'Ghent', country: 1 }).then((created) => created.name);
void env.model('city').create([{ name: 'Ghent', country: 1 }]).then((created) => created.length);
// @ts-expect-error there is no such field
void cities.write({ nme: 'Ghent' });
// @ts-expect-error a text is no number
void cities.write({ population: 'many' });
// Lists take records, ids, and commands; a new record of a list need not name its owner.
void env.model('country').create({ name: 'Belgium', cities: [1] });
void env.model('country').create({ name: 'Belgium', cities: [{ create: { name: 'Ghent' } }, { update: [2, { population: 3 }] }, { link: 4 }, { unlink: 5 }, { delete: 6 }] });
void city.country.write({ cities });
void city.country.write({ cities: [city, 2, { clear: true }, { set: [1, 2] }] });
// Drafts: everything may be left out or null; saved, they are records.
const draft = env.model('country').new({ cities: [{ create: { population: 3 } }, { link: 4 }] }, { origin: 1, ref: 'form' });
holds<Same<typeof draft.name, string | null>>();
draft.name = null;
void draft.save().then((saved) => saved.name.length);
void draft.write({ name: 'Belgium' });
// @ts-expect-error a number is no text
env.model('country').new({ name: 3 });
// @ts-expect-error there is no such field
env.model('country').new({ nme: 'x' });
// @ts-expect-error a text is no id
void city.country.write({ cities: ['Ghent'] });
// @ts-expect-error there is no such command
void city.country.write({ cities: [{ add: 1 }] });
// @ts-expect-error there is no such field
void city.country.write({ cities: [{ create: { name: 'Ghent', mayor: 'Ann' } }] });
// @ts-expect-error a new city needs a name
void city.country.write({ cities: [{ create: { population: 3 } }] });

// Filters: paths, operators and values.
void env.model('city').search({ name: 'Ghent', population: { gte: 1000 }, 'country.code': { in: ['BE', 'FR'] }, country: 3 }, { order: ['country.name', '-population'] });
void env.model('city').search({ or: [{ name: { startsWith: 'G' } }, { population: { isNull: true } }], not: { name: 'Lyon' } });
// @ts-expect-error there is no such field
void env.model('city').search({ nme: 'Ghent' });
// @ts-expect-error a wrong path
void env.model('city').search({ 'country.cod': 'BE' });
// @ts-expect-error a text is no number
void env.model('city').search({ population: { gte: 'many' } });
// @ts-expect-error there is no such operator
void env.model('city').search({ population: { above: 3 } });
// @ts-expect-error a wrong path inside or
void env.model('city').search({ or: [{ nme: 'Ghent' }] });
// @ts-expect-error a wrong order
void env.model('city').search({}, { order: ['-populaton'] });

// Computes: the record, the paths and the value.
models.compute('city', 'label', ['name', 'country.continent.name'], (one) => `${one.name}, ${one.country.continent?.name ?? ''}`);
models.computeBatch('country', ['cityCount'], ['cities'], (countries) => {
  for (const country of countries) country.cityCount = country.cities.length;
});
// @ts-expect-error the value is a text
models.compute('city', 'label', ['name'], (one) => one.name.length);
// @ts-expect-error a wrong path
models.compute('city', 'label', ['contry.name'], (one) => one.name);
// @ts-expect-error there is no such field
models.compute('city', 'lable', ['name'], (one) => one.name);
// @ts-expect-error there is no such model
models.compute('town', 'label', ['name'], () => null);

// A function given to run is not async.
void env.run(() => [...cities].map((one) => one.name)).then((names) => names.length);
// @ts-expect-error it would return before its reads are answered
void env.run(async () => cities.load(['name']));
// @ts-expect-error neither does a generator, of which nothing would have run
void env.run(function* () { yield cities.length; });
// @ts-expect-error nor what gives an iterator
void env.run(() => cities[Symbol.iterator]());
void env.run(() => cities);
// @ts-expect-error a promise by any other way is one too
void env.run(() => cities.load(['name']));

// Sets are combined with sets of their model, and options are those that exist.
void cities.union(env.model('city'));
// @ts-expect-error a set of another model
void cities.union(env.model('country'));
// @ts-expect-error there is no such option
void cities.search({}, { limt: 3 });
// @ts-expect-error there is no such field
void cities.read(['nme']);
// @ts-expect-error a required relation is never null
void cities.write({ country: null });
// @ts-expect-error nothing is null, and undefined is no value
city.population = undefined;
// @ts-expect-error one wrong record among good ones
void cities.create([{ name: 'Ghent', country: 1 }, { name: 'Ypres', contry: 1 }]);
