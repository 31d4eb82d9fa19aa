import { char, defineModels, extension, integer, many2many, many2one, ModelSetupError, one2many, reference, related, selection, type SetupProblem } from '../src/index';

/** Everything as a program without a compiler may call it. */
interface Unchecked {
  registry(): unknown;
  extend(models: unknown): Unchecked;
  compute(model: unknown, field: unknown, depends: unknown, run: unknown): Unchecked;
  computeBatch(model: unknown, fields: unknown, depends: unknown, run: unknown): Unchecked;
  inverse(model: unknown, field: unknown, run: unknown): Unchecked;
  search(model: unknown, field: unknown, run: unknown): Unchecked;
  method(model: unknown, methods: unknown): Unchecked;
  override(model: unknown, replace: unknown): Unchecked;
  options(model: unknown, options: unknown): Unchecked;
  mixin(model: unknown, from: unknown): Unchecked;
  delegate(model: unknown, field: unknown): Unchecked;
  with(...extensions: unknown[]): Unchecked;
}

const define = defineModels as unknown as (models: unknown, options?: unknown) => Unchecked;
/** A builder of fields, called with whatever. */
const loose = (builder: unknown): ((...args: unknown[]) => unknown) => builder as (...args: unknown[]) => unknown;
const base = define({ city: { name: char(), size: integer() }, country: { name: char() } });

function problemsOf(make: () => Unchecked): readonly SetupProblem[] {
  try {
    make().registry();
  } catch (error) {
    if (error instanceof ModelSetupError) return error.problems;
    throw error;
  }
  return [];
}

/** What was said wrongly, and what the one problem must tell. */
type Row = readonly [what: string, make: () => Unchecked, problem: RegExp, remedy: RegExp];

test.each<Row>([
  ['nothing at all', () => define(undefined), /no models/, /defineModels\(\{/],
  ['a list', () => define([]), /no models/, /defineModels\(\{/],
  ['a model that is null', () => define({ city: null }), /has no fields/, /name: char\(\)/],
  ['a model that is a list', () => define({ city: ['name'] }), /has no fields/, /name: char\(\)/],
  ['a model that is a text', () => define({ city: 'name' }), /has no fields/, /name: char\(\)/],
  ['extensions that are none', () => base.extend(undefined), /no models/, /extend\(\{/],
])('%s is no definition of models', (_, make, problem, remedy) => {
  expect(problemsOf(make)).toEqual([expect.objectContaining({ problem: expect.stringMatching(problem), remedy: expect.stringMatching(remedy) })]);
});

test.each<Row>([
  ['a builder that was not called', () => define({ city: { name: char } }), /it is a function/, /name: char\(\)/],
  ['a text', () => define({ city: { name: 'char' } }), /it is a string/, /name: char\(\)/],
  ['null', () => define({ city: { name: null } }), /it is null/, /name: char\(\)/],
  ['undefined', () => define({ city: { name: undefined } }), /it is undefined/, /name: char\(\)/],
  ['an object of another make', () => define({ city: { name: { type: 'char' } } }), /it is an object/, /name: char\(\)/],
  ['options that are a text', () => define({ city: { name: loose(char)('required') } }), /options are a string/, /char\(\{ required: true \}\)/],
  ['options that are null', () => define({ city: { name: loose(char)(null) } }), /options are null/, /char\(\{ required: true \}\)/],
  ['a misspelt option', () => define({ city: { name: loose(char)({ requird: true }) } }), /no option 'requird'/, /Did you mean 'required'/],
  ['an option of the wrong type', () => define({ city: { name: loose(char)({ required: 'yes' }) } }), /option required is a string/, /true or false/],
  ['a column that is a number', () => define({ city: { name: loose(char)({ column: 7 }) } }), /option column is a whole number/, /text/],
  ['one text for a list of groups', () => define({ city: { name: loose(char)({ groups: 'staff' }) } }), /option groups is a string/, /list of texts/],
  ['one text for context keys', () => define({ city: { name: loose(char)({ dependsContext: 'lang' }) } }), /option dependsContext is a string/, /list of texts/],
  ['a word that onDelete does not have', () => define({ city: { name: loose(many2one)('city', { onDelete: 'explode' }) } }), /option onDelete/, /'restrict', 'cascade', 'set null'/],
  ['a many2one to nowhere', () => define({ city: { name: loose(many2one)('nowhere') } }), /no model 'nowhere'/, /Define it/],
  ['a many2one to nothing', () => define({ city: { name: loose(many2one)() } }), /names no model/, /many2one\('model'\)/],
  ['a many2one to an object', () => define({ city: { name: loose(many2one)({}) } }), /names no model/, /many2one\('model'\)/],
  ['a many2many to nothing', () => define({ city: { name: loose(many2many)() } }), /names no model/, /many2many\('model'\)/],
  ['a one2many without its other side', () => define({ city: { name: loose(one2many)('city') } }), /names no many2one/, /one2many\('model', 'field'\)/],
  ['a related field without a path', () => define({ city: { name: loose(related)() } }), /names no path/, /related\('country\.name'\)/],
  ['a selection of nothing', () => define({ city: { name: loose(selection)() } }), /selection is empty/, /Name the values/],
  ['a selection of one text', () => define({ city: { name: loose(selection)('abc') } }), /option values is a string/, /list/],
  ['a reference to nothing', () => define({ city: { name: loose(reference)() } }), /refers to no model/, /Name at least one/],
  ['a reference to one text', () => define({ city: { name: loose(reference)('city') } }), /option models is a string/, /list of texts/],
])('%s is no field: the problem names it and says what to write', (_, make, problem, remedy) => {
  const [first] = problemsOf(make);
  expect(first).toMatchObject({ model: 'city', field: 'name', problem: expect.stringMatching(problem), remedy: expect.stringMatching(remedy) });
});

test.each<Row>([
  ['depends given as a text', () => base.compute('city', 'name', 'size', () => null), /depends is a string/, /\['name', 'country\.name'\]/],
  ['depends left out', () => base.compute('city', 'name', undefined, () => null), /depends is undefined/, /\['name', 'country\.name'\]/],
  ['depends with a number', () => base.compute('city', 'name', [7], () => null), /depends/, /\['name', 'country\.name'\]/],
  ['a compute that is no function', () => base.compute('city', 'name', ['size'], 'size'), /compute is a string/, /plain function/],
  ['fields of a batch given as a text', () => base.computeBatch('city', 'name', ['size'], () => undefined), /fields of a compute are a string/, /a list/],
  ['a batch of no fields', () => base.computeBatch('city', [], ['size'], () => undefined), /are an empty list/, /a list/],
  ['an inverse that is no function', () => base.inverse('city', 'name', null), /inverse is null/, /plain function/],
  ['a search that is no function', () => base.search('city', 'name', {}), /search is an object/, /plain function/],
  ['methods that are none', () => base.method('city', 'grow'), /methods are a string/, /method\('city', \{/],
  ['a method that is no function', () => base.method('city', { grow: 3 }), /method grow is a whole number/, /function/],
  ['an override that is no function', () => base.override('city', { grow: 3 }), /override is an object/, /function/],
  ['an override that gives nothing', () => base.override('city', () => undefined), /its methods are undefined/, /method\('city', \{/],
  ['a misspelt option', () => base.options('city', { tabel: 'cities' }), /no option 'tabel'/, /Did you mean 'table'/],
  ['an order that is a text', () => base.options('city', { order: 'name' }), /option order is a string/, /list of texts/],
  ['a kind of ids that does not exist', () => base.options('city', { id: 'serial' }), /option id/, /'integer', 'bigint', 'uuid', 'text'/],
  ['options that are none', () => base.options('city', null), /options are null/, /options\('city', \{/],
  ['a mixin that is no name', () => base.mixin('city', undefined), /takes over undefined/, /name of a model/],
  ['a delegate that is no name', () => base.delegate('city', 7), /delegates to a whole number/, /name of a many2one/],
])('%s is told at setup with everything else', (_, make, problem, remedy) => {
  expect(problemsOf(make)).toEqual([expect.objectContaining({ model: 'city', problem: expect.stringMatching(problem), remedy: expect.stringMatching(remedy) })]);
});

test.each([undefined, 'taxes', {}, null])('%p is joined by nobody', (given) => {
  expect(problemsOf(() => base.with(given))).toEqual([expect.objectContaining({ problem: expect.stringContaining('no extension'), remedy: expect.stringContaining('extension(') })]);
});

test('an extension whose function returns nothing says so where it is made', () => {
  const make = extension as unknown as (name: string, models: unknown, build: (models: Unchecked) => unknown) => unknown;
  expect(() => make('taxes', base, (models) => void models.extend({}))).toThrow(/extension taxes: its function gave undefined/);
});

describe('names', () => {
  /** The names that every object has, from Object.prototype. */
  const inherited = Object.getOwnPropertyNames(Object.prototype);

  test.each(inherited)('%s is the name of no model, field or method, and refers to none', (name) => {
    expect(problemsOf(() => define({ [name]: { name: char() } }))).toEqual([expect.objectContaining({ model: name })]);
    expect(problemsOf(() => define({ city: { [name]: char() } }))).toEqual([expect.objectContaining({ model: 'city', field: name, remedy: expect.stringContaining('another') })]);
    expect(problemsOf(() => base.method('city', { [name]: () => null }))).toEqual([expect.objectContaining({ model: 'city', field: name })]);
    expect(problemsOf(() => define({ city: { to: many2one(name as never) } }))).toEqual([expect.objectContaining({ problem: `there is no model '${name}'.` })]);
    expect(problemsOf(() => define({ city: { to: many2many(name as never) } }))).toEqual([expect.objectContaining({ problem: `there is no model '${name}'.` })]);
    expect(problemsOf(() => define({ city: { to: reference([name]) } }))).toEqual([expect.objectContaining({ problem: expect.stringContaining(`no model '${name}'`) })]);
    expect(problemsOf(() => base.options(name, { table: 'x' }))).toEqual([expect.objectContaining({ model: name })]);
    expect(problemsOf(() => base.mixin('city', name))).toEqual([expect.objectContaining({ model: 'city', problem: expect.stringContaining(`no model '${name}'`) })]);
    expect(problemsOf(() => base.compute('city', name, ['size'], () => null))).toEqual([expect.objectContaining({ model: 'city', field: name })]);
    expect(problemsOf(() => base.compute('city', 'name', [name], () => null))).toEqual([expect.objectContaining({ problem: expect.stringContaining(name) })]);
  });

  test.each(['', 'a.b', '-name', 'a,b', 'a b', '1st', '7', 'a"b', "a'b", 'a\nb'])('a field cannot be called %j, which no path could name', (name) => {
    expect(problemsOf(() => define({ city: { [name]: char() } }))).toContainEqual(expect.objectContaining({ field: name, problem: expect.stringContaining('its name is no identifier'), remedy: expect.stringContaining('column') }));
  });

  test.each(['or', 'and', 'not'])('a field cannot be called %s, which filters use', (name) => {
    expect(problemsOf(() => define({ city: { [name]: char() } }))).toEqual([expect.objectContaining({ field: name, problem: expect.stringContaining('filters'), remedy: expect.stringContaining('column') })]);
  });

  test.each(['', 'a,b', 'a b', 'a"b', '.a', 'a..b', 'a\nb'])('a model cannot be called %j', (name) => {
    expect(problemsOf(() => define({ [name]: { name: char() } }))).toContainEqual(expect.objectContaining({ model: name, problem: expect.stringContaining('its name'), remedy: expect.stringContaining('table') }));
  });

  test.each(['größe', '名前', '_x', '$x', 'camelCase', 'x'.repeat(63)])('a field may be called %s', (name) => {
    expect(problemsOf(() => define({ city: { [name]: char() } }))).toEqual([]);
  });

  test.each(['res.city', 'res_city', 'städte', '都市', 'a-b', 'x2many', '1.5', 'Constructor'])('a model may be called %s', (name) => {
    expect(problemsOf(() => define({ [name]: { name: char() } }))).toEqual([]);
  });
});

test('everything that is wrong is told at once, what is right beside it is built', () => {
  const models = define({ city: { name: char, size: loose(integer)({ requird: true }) }, country: null });
  expect(problemsOf(() => models).map(({ model, field }) => `${model}.${field ?? ''}`)).toEqual(['city.name', 'city.size', 'country.']);
});
