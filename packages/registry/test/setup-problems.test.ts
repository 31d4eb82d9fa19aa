import {
  boolean, char, decimal, float, integer, json, many2many, many2one, monetary, one2many, reference, related, selection, type FieldDefinition, type SetupProblem,
} from '@ormolu/registry';
import { looseExtension, looseModels, type LooseModels } from './support/loose';
import { problemsOf } from './support/problems-of';

type Fields = Readonly<Record<string, FieldDefinition>>;

/** What is wrong, models that it is wrong with, where, and what problem and remedy say. */
type Row = readonly [what: string, make: () => LooseModels, where: string, problem: RegExp, remedy: RegExp];

/** A city with more fields; a country that has cities. */
function cities(fields: Fields = {}, others: Readonly<Record<string, Fields>> = {}): LooseModels {
  return looseModels({
    country: { name: char({ required: true }), cities: one2many('city', 'country'), code: char({ store: false }) },
    city: { name: char({ required: true }), size: integer(), country: many2one('country', { required: true }), parent: many2one('city'), ...fields },
    ...others,
  });
}

const nothing = (): null => null;
const long = 'x'.repeat(64);

const rows: readonly Row[] = [
  // Models and what they lead to
  ['a model of which only a method is said', () => cities().method('citty', { grow: nothing }), 'citty', /something is said of it, and it is not defined/, /Did you mean 'city'/],
  ['a many2one to no model', () => cities({ x: many2one('contry') }), 'city.x', /no model 'contry'/, /Did you mean 'country'/],
  ['a many2many to no model', () => cities({ x: many2many('tag') }), 'city.x', /no model 'tag'/, /Define it, or join the module/],
  ['a reference to no model', () => cities({ x: reference(['city', 'contry']) }), 'city.x', /no model 'contry' to refer to/, /Did you mean 'country'/],
  ['a reference to none', () => cities({ x: reference([]) }), 'city.x', /refers to no model/, /Name at least one/],
  ['a relation to an abstract model', () => cities({ x: many2one('thing') }, { thing: { name: char() } }).options('thing', { abstract: true }), 'city.x', /'thing' is abstract/, /Refer to a model that takes it over/],
  ['a list whose other side is not there', () => looseModels({ a: { bs: one2many('b', 'x') }, b: { a: many2one('a') } }), 'a.bs', /other side b\.x does not exist/, /Use one of: a/],
  ['a list whose other side leads elsewhere', () => looseModels({ a: { bs: one2many('b', 'b') }, b: { b: many2one('b') } }), 'a.bs', /other side b\.b is no many2one to a/, /Define one: many2one\('a'\)/],
  ['a required many2one that is set null', () => cities({ x: many2one('city', { required: true, onDelete: 'set null' }) }), 'city.x', /required, and onDelete is set null/, /'restrict' or 'cascade'/],
  // Names
  ['a field called as a member of records', () => cities({ ids: char() }), 'city.ids', /that of a member of every record/, /column: 'ids'/],
  ['a method called as a member of records', () => cities().method('city', { write: nothing }), 'city.write', /method of the name of a member/, /another name/],
  ['a field and a method of one name', () => cities({ grow: integer() }).method('city', { grow: nothing }), 'city.grow', /a field and a method/, /Rename/],
  // Options of fields
  ['a size that is no number', () => cities({ x: char({ size: 0 }) }), 'city.x', /size is no whole number/, /number of characters/],
  ['a decimal without scale', () => cities({ x: decimal({} as { scale: number }) }), 'city.x', /no scale/, /decimal\(\{ scale: 2 \}\)/],
  ['a scale out of range', () => cities({ x: decimal({ scale: -1 }) }), 'city.x', /scale is no whole number/, /digits behind the point/],
  ['a precision out of range', () => cities({ x: decimal({ scale: 1, precision: 2000 }) }), 'city.x', /precision is no whole number/, /both sides of the point/],
  ['a scale above the precision', () => cities({ x: decimal({ scale: 3, precision: 2 }) }), 'city.x', /scale is greater than its precision/, /both sides of the point/],
  ['a selection without values', () => cities({ x: selection([]) }), 'city.x', /selection is empty/, /Name the values/],
  ['a selection of what is no text', () => cities({ x: selection(['a\0']) }), 'city.x', /no text column can hold/, /NUL/],
  ['a selection with a value twice', () => cities({ x: selection(['a', 'a']) }), 'city.x', /names a value twice/, /once/],
  ['a default that is no value', () => cities({ x: integer({ default: 1.5 }) }), 'city.x', /default is no value of it/, /another default/],
  ['a translated number', () => cities({ x: integer({ translate: true }) }), 'city.x', /translated, and no text/, /char, text and html/],
  ['translated and of companies', () => cities({ x: char({ translate: true, companyDependent: true }) }), 'city.x', /translated, and has a value for each company/, /Choose one/],
  ['computed and translated', () => cities({ x: char({ translate: true }) }).compute('city', 'x', ['name'], nothing), 'city.x', /value per lang, and is computed/, /dependsContext: \['lang'\]/],
  ['unique and of companies', () => cities({ x: char({ unique: true, companyDependent: true }) }), 'city.x', /unique, and has a value per company/, /one or the other/],
  ['deleted with its target and of companies', () => cities({ x: many2one('city', { companyDependent: true, onDelete: 'cascade' }) }), 'city.x', /value per company, and onDelete is cascade/, /Leave onDelete out/],
  ['kept by its target and of companies', () => cities({ x: many2one('city', { companyDependent: true, onDelete: 'restrict' }) }), 'city.x', /value per company, and onDelete is restrict/, /Leave onDelete out/],
  ['precomputed and not computed', () => cities({ x: char({ precompute: true }) }), 'city.x', /precomputed, and neither computed nor stored/, /store: true/],
  ['a context key that is no name', () => cities({ x: char({ dependsContext: ['a b'] }) }).compute('city', 'x', [], nothing), 'city.x', /context key 'a b' is no name/, /one by one/],
  ['a context key twice', () => cities({ x: char({ dependsContext: ['lang', 'lang'] }) }).compute('city', 'x', [], nothing), 'city.x', /context key twice/, /once/],
  ['depending on the context without a compute', () => cities({ x: char({ dependsContext: ['lang'] }) }), 'city.x', /depends on the context, and is not computed/, /translate or companyDependent/],
  ['stored and depending on the context', () => cities({ x: char({ store: true, dependsContext: ['lang'] }) }).compute('city', 'x', [], nothing), 'city.x', /stored, and depends on the context \(lang\)/, /Leave store out/],
  ['a monetary without its currency', () => cities({ x: monetary({ currency: 'siz' }) }), 'city.x', /currency field 'siz' does not exist/, /Did you mean 'size'/],
  // Computes
  ['a compute of no field', () => cities().compute('city', 'nme', ['name'], nothing), 'city.nme', /it is computed, and it is not defined/, /Did you mean 'name'/],
  ['an inverse of no field', () => cities().inverse('city', 'nme', nothing), 'city.nme', /it has an inverse, and it is not defined/, /Did you mean 'name'/],
  ['an inverse of what is not computed', () => cities().inverse('city', 'name', nothing), 'city.name', /has an inverse, and is not computed/, /Compute it/],
  ['a search of what is not computed', () => cities().search('city', 'name', nothing), 'city.name', /has a search, and is not computed/, /Compute it/],
  ['a path to no field', () => cities({ x: char() }).compute('city', 'x', ['country.nam'], nothing), 'city.x', /path 'country\.nam' is broken: country has no field 'nam'/, /Did you mean 'name'/],
  ['a path on from what is no relation', () => cities({ x: char() }).compute('city', 'x', ['name.length'], nothing), 'city.x', /'name' is no relation to go on from/, /End the path there/],
  ['a cycle', () => cities({ x: char() }).compute('city', 'x', ['parent.x'], nothing), 'city.x', /depends on itself: city\.x → city\.x/, /recursive: true/],
  ['computed from what differs by context', () => cities({ t: char({ translate: true }), x: char() }).compute('city', 'x', ['t'], nothing), 'city.x', /computed from city\.t, whose value differs by context \(lang\)/, /dependsContext: \['lang'\]/],
  ['stored, and computed from what differs by context', () => cities({ t: char({ translate: true }), x: char({ store: true }) }).compute('city', 'x', ['t'], nothing), 'city.x', /differs by context \(lang\)/, /Leave store out/],
  ['stored, and computed through a relation that is not', () => cities({ near: many2one('city'), x: char({ store: true }) }).compute('city', 'near', ['name'], nothing).compute('city', 'x', ['near.name'], nothing), 'city.x', /computed through city\.near, which is not/, /Store city\.near/],
  ['the same by way of another field', () => cities({ near: many2many('city'), y: char(), x: char({ store: true }) }).compute('city', 'near', ['name'], nothing).compute('city', 'y', ['near.name'], nothing).compute('city', 'x', ['y'], nothing), 'city.x', /computed through city\.near/, /Store city\.near/],
  ['a stored many2many that is computed', () => cities({ near: many2many('city', { store: true }) }).compute('city', 'near', ['name'], nothing), 'city.near', /many2many that is computed, and stored/, /Leave store out/],
  // Related fields
  ['a related field over no field', () => cities({ x: related('country.nam') }), 'city.x', /path 'country\.nam' is broken: country has no field 'nam'/, /Did you mean 'name'/],
  ['a related field beyond a list', () => looseModels({ a: { bs: one2many('b', 'a'), x: related('bs.name') }, b: { a: many2one('a'), name: char() } }), 'a.x', /goes on after a\.bs, which is no many2one/, /Compute the value/],
  ['a related field that shows itself', () => cities({ x: related('parent.x') }), 'city.x', /it shows itself, by way of/, /a field that holds a value/],
  ['a related field that is computed', () => cities({ x: related('country.name') }).compute('city', 'x', ['name'], nothing), 'city.x', /a related field, and computed/, /Define it by its kind/],
  // Options of models
  ['a parent that is none', () => cities().options('city', { parent: 'country' }), 'city.country', /no stored many2one to this model/, /many2one\('city'\)/],
  ['an order by no field', () => cities().options('city', { order: ['-country.nam'] }), 'city', /order names 'country\.nam', and country has no field 'nam'/, /Did you mean 'name'/],
  ['an order on from what is no relation', () => cities().options('city', { order: ['name.x'] }), 'city', /'name' is no relation/, /many2one leads to/],
  ['an order by what is not stored', () => cities().compute('country', 'code', ['name'], nothing).options('city', { order: ['country.code'] }), 'city', /country\.code is not stored/, /Store it/],
  ['a table of two models', () => cities().options('city', { table: 'country' }), 'city', /table 'country' is that of country too/, /option table/],
  ['a table whose name is too long', () => cities().options('city', { table: long }), 'city', /table's name 'x+' does not fit/, /shorter one/],
  ['a column of two fields', () => cities({ a: char({ column: 'name' }) }), 'city.a', /column 'name' is that of 'name' too/, /option column/],
  ['a column that is the id', () => cities({ a: char({ column: 'id' }) }), 'city.a', /column 'id' is that of 'id' too/, /option column/],
  ['a column whose name is too long', () => cities({ a: char({ column: long }) }), 'city.a', /column's name 'x+' does not fit/, /shorter one/],
  ['a relation table that is a model', () => cities({ a: many2many('city', { table: 'country' }) }), 'city.a', /relation table 'country'/, /option table/],
  ['a relation table with one column', () => cities({ a: many2many('country', { column: 'x', otherColumn: 'x' }) }), 'city.a', /columns of its relation table are 'x' and 'x'/, /two different names/],
  ['a relation table whose name is too long', () => cities({ a: many2many('country', { table: long }) }), 'city.a', /name 'x+' does not fit/, /shorter/],
  ['a relation table of two that are no sides', () => cities({ a: many2many('country'), b: many2many('country') }), 'city.b', /is that of city\.a, which is not its other side/, /option table/],
  // What is taken over
  ['a mixin that is no model', () => cities().mixin('city', 'thng'), 'city', /no model 'thng' to take over/, /Define it/],
  ['mixins in a circle', () => cities().mixin('city', 'country').mixin('country', 'city'), 'city', /takes itself over, by way of 'country'/, /Break the circle/],
  ['a mixin whose field is of another kind', () => cities({}, { sized: { size: float() } }).mixin('city', 'sized'), 'city.size', /kind 'integer' here and of kind 'float' in a mixin/, /Rename/],
  ['delegation to what is not required', () => cities().delegate('city', 'parent'), 'city.parent', /no required many2one/, /required: true/],
  ['delegation to what is no many2one', () => cities().delegate('city', 'name'), 'city.name', /no required many2one/, /required: true/],
  // Extensions
  ['another kind of a field', () => cities().extend({ city: { name: integer() } }), 'city.name', /kind is 'char', and an extension says 'integer'/, /another name/],
  ['another model of a relation', () => cities().extend({ city: { country: many2one('city') } }), 'city.country', /comodel is 'country', and an extension says 'city'/, /another name/],
  ['a required field that is no longer', () => cities().extend({ city: { name: char({ required: false }) } }), 'city.name', /required, and an extension lets it be null/, /default instead/],
  ['a module without the one it builds on', () => cities().with(looseExtension('top', cities().with(looseExtension('below', cities(), (m) => m)), (m) => m)), 'module top', /builds on the module 'below', which is not joined/, /Join both/],
];

const named = ({ model, field }: SetupProblem): string => (field === undefined ? model : `${model}.${field}`);

test('the models that the rows change are sound themselves', () => {
  expect(problemsOf(cities())).toEqual([]);
});

test.each(rows.map((row) => [row[0], row] as const))('%s is told with where, what and what to do', (_, [, make, where, problem, remedy]) => {
  const found = problemsOf(make());
  expect(found).toContainEqual({ model: expect.any(String) as string, ...(found[0]?.field === undefined ? {} : { field: expect.any(String) as string }), problem: expect.stringMatching(problem) as string, remedy: expect.stringMatching(remedy) as string });
  expect(new Set(found.map(named))).toEqual(new Set([where]));
});

test('all that is wrong is told at once, each with its remedy, in one message', () => {
  const models = cities({ ids: char(), x: many2one('contry'), y: decimal({ scale: 3, precision: 2 }), z: related('country.nam'), w: boolean(), v: json() })
    .compute('city', 'w', ['nam'], nothing).options('city', { order: ['nam'], table: 'country' }).method('country', { write: nothing });
  const found = problemsOf(models);
  expect(found.map(named).sort()).toEqual(['city', 'city', 'city.ids', 'city.w', 'city.x', 'city.y', 'city.z', 'country.write']);
  expect(() => models.registry()).toThrow(/The models have 8 problems:/);
  for (const { problem, remedy } of found) expect(() => models.registry()).toThrow(`${problem} ${remedy}`);
});
