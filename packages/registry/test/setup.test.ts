import { char, defineModels, integer, many2many, many2one, ModelSetupError, one2many, type SetupProblem } from '../src/index';

/** The problems of models that do not fit together. */
function problemsOf(models: { registry(): unknown }): readonly SetupProblem[] {
  try {
    models.registry();
  } catch (error) {
    if (error instanceof ModelSetupError) return error.problems;
    throw error;
  }
  return [];
}

test('all problems are listed at once, each with model, field and remedy', () => {
  const elsewhere: string = 'county';
  const models = defineModels({
    country: { name: char(), cities: one2many('city', 'contry') },
    // The compiler would refuse the model; a name that comes from elsewhere must be refused at setup.
    city: { name: char(), country: many2one(elsewhere), length: integer() },
  });
  const problems = problemsOf(models);
  expect(problems.map(({ model, field }) => `${model}.${field ?? ''}`)).toEqual(['country.cities', 'city.country', 'city.length']);
  expect(problems.map(({ remedy }) => remedy)).toEqual([
    expect.stringContaining("many2one('country')"), "Did you mean 'country'?", expect.stringContaining("column: 'length'"),
  ]);
  expect(() => models.registry()).toThrow(/The models have 3 problems:\n {2}country\.cities: /);
});

test('a list whose inverse is misnamed is told which many2one it could mean', () => {
  const [problem] = problemsOf(defineModels({ country: { name: char(), cities: one2many('city', 'land') }, city: { country: many2one('country') } }));
  expect(problem?.remedy).toBe('Use one of: country.');
});

test('a broken depends path names the part and the nearest field', () => {
  const path: string = 'country.nmae';
  const models = defineModels({ country: { name: char() }, city: { country: many2one('country'), label: char() } });
  // The compiler would refuse the path; one that comes from elsewhere must be refused at setup.
  const loose = models as unknown as { compute(model: string, field: string, depends: readonly string[], run: () => null): typeof models };
  const [problem] = problemsOf(loose.compute('city', 'label', [path], () => null));
  expect(problem).toMatchObject({ model: 'city', field: 'label', problem: expect.stringContaining("country has no field 'nmae'"), remedy: "Did you mean 'name'?" });
});

test('a cycle of computed fields is named unless it is declared recursive', () => {
  const base = { parent: many2one('node'), name: char() } as const;
  const cycle = defineModels({ node: { ...base, a: char({ store: true }), b: char({ store: true }) } })
    .compute('node', 'a', ['b'], (node) => node.b)
    .compute('node', 'b', ['a'], (node) => node.a);
  expect(problemsOf(cycle)).toMatchObject([{ problem: 'it depends on itself: node.a → node.b → node.a.' }]);

  const path = (recursive: boolean): readonly SetupProblem[] =>
    problemsOf(defineModels({ node: { ...base, path: char({ store: true, recursive }) } }).compute('node', 'path', ['parent.path'], (node) => node.parent?.path ?? null));
  expect(path(false)).toMatchObject([{ field: 'path', remedy: expect.stringContaining('recursive: true') }]);
  expect(path(true)).toEqual([]);
});

test('a required many2one cannot become null when its record is deleted', () => {
  expect(problemsOf(defineModels({ a: { b: many2one('b', { required: true, onDelete: 'set null' }) }, b: { name: char() } }))).toMatchObject([{ model: 'a', field: 'b' }]);
});

test('a list that is computed has no relation table, and may lead where another list does', () => {
  const registry = defineModels({ city: { size: integer(), streets: many2many('street'), long: many2many('street'), lanes: many2many('street', { table: 'street' }) }, street: { metres: integer(), cities: many2many('city') } })
    .compute('city', 'long', ['streets.metres'], (city) => city.streets.filtered(({ metres }) => (metres ?? 0) > 9))
    .compute('city', 'lanes', ['streets.metres'], (city) => city.streets.filtered(({ metres }) => (metres ?? 0) < 9))
    .registry();
  const [streets, long] = [registry.field('city', 'streets'), registry.field('city', 'long')];
  expect(registry.schema.tables.map(({ table }) => table)).toEqual(['city', 'city_street_rel', 'street']);
  expect([registry.inversesOf(streets).map(String), registry.inversesOf(long), registry.inversesOf(registry.field('street', 'cities')).map(String)]).toEqual([['street.cities'], [], ['city.streets']]);
});
