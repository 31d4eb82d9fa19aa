// Compiled by the typecheck gate, never run: models of several modules, methods, options, what is taken over.
import {
  boolean, char, defineModels, extension, integer, many2many, many2one, one2many, reference, related, selection, type DefinitionsOf, type EnvironmentOf, type RecordOf, type RecordSetOf, type Registry, type ValuesOf,
} from '@ormolu/registry';
import { base, mayors, states } from './support/two-processes';

// The compiler calls two functions of this form the same only when A and B are identical.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
declare function holds<Claim extends true>(): Claim | undefined;

// Modules from another file, joined in either order: the same models.
export const all = base.with(mayors, states);
export const turned = base.with(states).with(mayors);
type All = DefinitionsOf<typeof all>;
declare const city: RecordOf<All, 'city'>;
export declare const turnedCity: RecordOf<typeof turned, 'city'>;
holds<Same<typeof city.state, 'draft' | 'done' | 'closed' | null>>();
holds<Same<typeof turnedCity.state, 'draft' | 'done' | 'closed' | null>>();
holds<Same<NonNullable<typeof city.mayor>['name'], string | null>>();
holds<Same<NonNullable<NonNullable<NonNullable<typeof city.mayor>['city']>['country']>['name'], string>>();
const about = city.about;
if (about?.model === 'country') about.cities.length;
export const grown: string = city.grow();

// What a module adds is there in it, and not in the base.
declare const plain: RecordOf<typeof base, 'city'>;
// @ts-expect-error the base has no mayors
plain.mayor;
// @ts-expect-error nor states that another module adds
plain.state = 'closed';
// @ts-expect-error one module does not know what another adds
extension('third', base, (models) => models.compute('city', 'label', ['mayor.name'], () => null));
extension('third', base.with(mayors), (models) => models.compute('city', 'label', ['mayor.name', 'mayor.city.country.name'], (one) => one.mayor?.city?.country?.name ?? null));
// @ts-expect-error another kind of field
base.extend({ city: { name: integer() } });
// @ts-expect-error a relation to no model
base.extend({ city: { province: many2one('provnce') } });
base.extend({ city: { province: many2one('province') }, province: { name: char() } });
// @ts-expect-error a relation to no model, among the first
defineModels({ a: { b: many2one('c') }, b: { name: char() } });
// @ts-expect-error the same of a list
defineModels({ a: { bs: many2many('c') }, b: { name: char() } });

// An option that is said again holds for types, too.
export const strict = base.extend({ city: { country: many2one('country', { required: true }) } });
export declare const strictCity: RecordOf<typeof strict, 'city'>;
holds<Same<typeof strictCity.country.name, string>>();
declare const env: EnvironmentOf<typeof strict>;
void env.model('city').create({ name: 'Ghent', country: 1 });
// @ts-expect-error a required field without a default is missing
void env.model('city').create({ name: 'Ghent' });
// @ts-expect-error a required field is missing from one of them
void env.model('city').create([{ name: 'Ghent', country: 1 }, { country: 1 }]);
// @ts-expect-error there is no such field
void env.model('city').create({ name: 'Ghent', country: 1, populaton: 3 });

// Methods: their own parameters and values, on sets and on single records; overrides have those before.
const methods = base.method('city', { rename: async (cities, to: string) => cities.write({ name: to }), size: (cities) => cities.length });
declare const cities: RecordSetOf<typeof methods, 'city'>;
holds<Same<ReturnType<typeof cities.rename>, Promise<void>>>();
holds<Same<ReturnType<typeof cities.size>, number>>();
void cities.at(0)?.rename('Gent');
// @ts-expect-error a number is no text
void cities.rename(3);
// @ts-expect-error an argument is missing
void cities.rename();
methods.override('city', (previous) => ({ size: (many) => previous.size(many) + 1, rename: (many, to) => previous.rename(many, to.trim()) }));
// @ts-expect-error another value
methods.override('city', () => ({ size: () => 'many' }));
// @ts-expect-error there is no such method before
// eslint-disable-next-line @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- of what is not there
methods.override('city', (previous) => ({ size: (many) => previous.count(many) }));
// @ts-expect-error a method is said of a model that exists
methods.method('town', { grow: () => 1 });

// Computes return what the field takes, at once.
const places = defineModels({
  place: { name: char({ required: true }), size: integer(), isLarge: boolean(), kind: selection(['town', 'city']), near: many2one('place'), around: many2many('place'), of: reference(['place', 'other']), nearName: related('near.name'), nearNear: related('near.near') },
  other: { name: char(), places: one2many('place', 'near') },
});
places.compute('place', 'near', ['around.size'], (place) => place.around.first() ?? null);
places.compute('place', 'around', ['near.around'], (place) => place.near?.around ?? []);
places.compute('place', 'kind', ['nearName', 'nearNear.size'], (place) => ((place.nearNear?.size ?? 0) > 3 && place.nearName !== null ? 'city' : 'town'));
// @ts-expect-error a record of another model
places.compute('place', 'near', ['of'], (place) => (place.of?.model === 'other' ? place.of : null));
// @ts-expect-error a word that it does not have
places.compute('place', 'kind', ['size'], () => 'village');
// @ts-expect-error a compute is not async
places.compute('place', 'size', ['name'], async (place) => Promise.resolve(place.name.length));
// @ts-expect-error nor one of many
places.computeBatch('place', ['size'], ['name'], async (some) => { await some.load(['name']); });
// @ts-expect-error nor an inverse
places.inverse('place', 'size', async (place) => { await place.load(['name']); });
// @ts-expect-error commands change lists, and are no value
places.compute('place', 'around', ['near'], () => [{ clear: true }]);
// @ts-expect-error a path through a value
places.compute('place', 'size', ['name.length'], () => 1);
// @ts-expect-error a path whose related part leads elsewhere
places.compute('place', 'size', ['nearNear.nme'], () => 1);
// @ts-expect-error an unknown field among those computed together
places.computeBatch('place', ['size', 'nme'], ['name'], () => undefined);
places.search('place', 'isLarge', (operator, value) => ({ size: operator === 'eq' && value === true ? { gt: 3 } : { lte: 3 } }));
places.search('place', 'isLarge', (operator, value) => ({ or: [{ size: { [operator]: value } }, { 'near.size': 3 }] }));
// @ts-expect-error a filter on no field
places.search('place', 'isLarge', () => ({ 'near.sze': 3 }));
// @ts-expect-error a filter on no field
places.search('place', 'isLarge', () => ({ sze: 3 }));

// Options of a model are checked against its fields, and its ids are typed.
export const options = places.options('place', { order: ['near.name', '-size'], parent: 'near', id: 'uuid', versioned: true, description: 'anywhere', table: 'places', idColumn: 'key' });
declare const optionsEnv: EnvironmentOf<typeof options>;
declare const optionsPlace: RecordOf<typeof options, 'place'>;
optionsPlace.id.trim();
optionsEnv.model('place').browse('00000000-0000-0000-0000-000000000001').near;
// @ts-expect-error a number is no uuid
optionsEnv.model('place').browse(1);
// Ids that are texts or uuids may be given to new records; the database gives all others, and none is written.
export const keyed = defineModels({ currency: { name: char({ required: true }), prices: one2many('price', 'currency') }, price: { currency: many2one('currency') }, unit: { name: char() } })
  .options('currency', { id: 'text' }).options('price', { id: 'uuid' });
declare const keyedEnv: EnvironmentOf<typeof keyed>;
void keyedEnv.model('currency').create([{ id: 'EUR', name: 'Euro', prices: [{ create: { id: 'a uuid' } }, { create: {} }] }]);
void keyedEnv.model('currency').new({ id: 'EUR' });
void keyedEnv.model('currency').browse('EUR').copy({ id: 'XEU' });
// @ts-expect-error a number is no text
void keyedEnv.model('currency').create({ id: 5, name: 'Euro' });
// @ts-expect-error the database gives these ids
void keyedEnv.model('unit').create({ id: 5, name: 'kg' });
// @ts-expect-error an id stays
void keyedEnv.model('currency').browse('EUR').write({ id: 'XEU' });

// @ts-expect-error an order by no field
places.options('place', { order: ['-near.nme'] });
// @ts-expect-error a parent that is no field
places.options('place', { parent: 'far' });
// @ts-expect-error an option that does not exist
places.options('place', { tabel: 'places' });

// What is taken over and delegated to.
const taken = places.extend({ user: { place: many2one('place', { required: true }) }, shop: { rent: integer() } }).mixin('shop', 'place').delegate('user', 'place');
declare const user: RecordOf<typeof taken, 'user'>;
export declare const shop: RecordOf<typeof taken, 'shop'>;
holds<Same<typeof shop.name, string>>();
holds<Same<typeof user.size, number | null>>();
void user.nearName?.trim();
// @ts-expect-error a model that does not exist
places.mixin('place', 'plce');
// @ts-expect-error a field that does not exist
taken.delegate('user', 'plce');

// Plain values by name: relations as ids.
declare const placeEnv: EnvironmentOf<typeof places>;
const values = placeEnv.model('place').read(['name', 'near', 'around', 'kind', 'of', 'nearName']);
holds<Same<Awaited<typeof values>[number]['name'], string>>();
holds<Same<Awaited<typeof values>[number]['near'], number | null>>();
holds<Same<Awaited<typeof values>[number]['around'], readonly number[]>>();
holds<Same<Awaited<typeof values>[number]['kind'], 'town' | 'city' | null>>();
holds<Same<Awaited<typeof values>[number]['of'], string | null>>();
holds<Same<Awaited<typeof values>[number]['id'], number>>();
holds<Same<keyof Awaited<typeof values>[number], 'id' | 'name' | 'near' | 'around' | 'kind' | 'of' | 'nearName'>>();
void values.then(([first]) => {
  // @ts-expect-error what was not asked for is not there
  first?.size;
});
holds<Same<ValuesOf<typeof places, 'other'>['places'], readonly number[]>>();

// The registry's own face.
declare const registry: Registry;
registry.patchesSince(registry.version).to.toFixed();
registry.triggersOf(registry.field('place', 'name')).targets.map((field) => registry.dependsOn(field).length + registry.inversesOf(field).length);
registry.model('place').fields.get('name')?.isStored.valueOf();
