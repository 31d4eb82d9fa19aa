import { compile, writeSource } from './support/compile';

const shop = `
import { type EnvironmentOf, char, defineModels, extension, integer, many2many, many2one, one2many, related, selection } from '@ormolu/registry';

export const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), cityCount: integer({ store: true }) },
  city: { name: char({ required: true }), country: many2one('country'), state: selection(['draft', 'done']), tags: many2many('tag'), countryName: related('country.name') },
  tag: { name: char() },
})
  .computeBatch('country', ['cityCount'], ['cities'], (countries) => { for (const one of countries) one.cityCount = one.cities.length; })
  .method('city', { async rename(cities, to: string) { await cities.write({ name: to }); } })
  .options('tag', { id: 'uuid' });
export const mayors = extension('mayors', models, (m) => m.extend({ city: { mayor: char(), state: selection(['closed']) } }));
`;

const usage = `
import { char, extension, type EnvironmentOf, type RecordOf } from '@ormolu/registry';
import { mayors, models } from './built-shop';

const taxes = extension('taxes', models, (m) => m.extend({ city: { tax: char() } }).compute('city', 'tax', ['country.name', 'tags.name'], (city) => city.country?.name ?? null));
export const all = models.with(taxes, mayors);
declare const env: EnvironmentOf<typeof all>;
declare const city: RecordOf<typeof all, 'city'>;
export const state: 'draft' | 'done' | 'closed' | null = city.state;
export const texts: readonly (string | null)[] = [city.mayor, city.tax, city.countryName, city.country?.name ?? null, ...city.tags.ids];
export const renamed: Promise<void> = env.model('city').browse([1]).rename('Gent');
void env.model('city').search({ 'country.name': 'Belgium', state: { in: ['closed'] } });
`;

test('a package that defines models has declarations, and another builds on them', () => {
  const built = compile(writeSource('shop.ts', shop));
  expect(built.errors).toEqual([]);
  writeSource('built-shop.d.ts', built.declarations);
  expect(compile(writeSource('usage.ts', usage)).errors).toEqual([]);
}, 120_000);

/** Mistakes, each a statement, and what they are told as, next to names that would do. */
const mistakes: readonly (readonly [what: string, code: string, message: RegExp])[] = [
  ['a wrong field in a path', "models.compute('country', 'cityCount', ['cities.nme'], () => 1);", /"cities\.nme"' is not assignable to type '("cities\.\w+"( \| )?)+'/],
  ['a wrong first field', "models.compute('country', 'cityCount', ['citties'], () => 1);", /'"citties"' is not assignable to type '.*"cities"/],
  ['a wrong model', "models.compute('contry', 'cityCount', [], () => 1);", /'"contry"' is not assignable to parameter of type '"country" \| "city" \| "tag"'/],
  ['a wrong field', "models.compute('country', 'citycount', [], () => 1);", /'"citycount"' is not assignable to parameter of type '"\w+" \|/],
  ['a wrong value', "models.compute('country', 'cityCount', [], () => 'many');", /'string' is not assignable to type 'number/],
  ['a promise', "models.compute('country', 'cityCount', [], async () => 1);", /'Promise<number>' is not assignable to type 'number/],
  ['a relation to no model', "models.extend({ city: { province: many2one('provnce') } });", /NoSuchModel<"provnce", /],
  ['a wrong key of a filter', "void env.model('city').search({ 'country.nme': 'x' });", /NoSuchPath<"country\.nme", ("country\.\w+"( \| )?)+>/],
  ['a wrong operator', "void env.model('city').search({ name: { above: 'x' } });", /NoSuchOperator<"above", /],
  ['a missing value', "void env.model('city').create({});", /Property 'name' is missing/],
];

test('mistakes are told one by one, in a few lines that name them and what would do', () => {
  const { errors } = compile(writeSource('mistakes.ts', `${shop}\ndeclare const env: EnvironmentOf<typeof models>;\n${mistakes.map(([, code]) => code).join('\n')}\n`));
  expect(errors).toEqual(mistakes.map(([, , message]) => expect.stringMatching(message) as string));
  // Only `create`, which has two forms, needs more than four lines: it tells of both.
  expect(errors.map((error) => error.split('\n').length).filter((lines) => lines > 4)).toEqual([7]);
  expect(errors.filter((error) => error.length > 2_100)).toEqual([]);
}, 120_000);
