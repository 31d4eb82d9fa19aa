import { char, defineModels, integer, many2one, one2many, type Field, type TriggerTree } from '../src/index';

const base = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country'), cityCount: integer({ store: true }) },
  city: { name: char({ required: true }), country: many2one('country'), mayor: many2one('city'), displayName: char({ store: true }), shout: char({ store: true }) },
});
const models = base
  .compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? ''}`)
  .compute('city', 'shout', ['displayName'], (city) => city.displayName?.toUpperCase() ?? null)
  .computeBatch('country', ['cityCount'], ['cities'], (countries) => {
    for (const country of countries) country.cityCount = country.cities.length;
  });

/** A tree as plain data: targets by name, and a branch for each relation to go back through. */
function shape({ targets, branches }: TriggerTree): unknown {
  const name = (field: Field): string => `${field.model}.${field.name}`;
  return { targets: targets.map(name).sort(), ...(branches.size > 0 ? { branches: Object.fromEntries([...branches].map(([key, tree]) => [name(key), shape(tree)])) } : {}) };
}

describe('versions', () => {
  test('every call gives a new version and leaves the old one as it was', () => {
    expect(Object.keys(base.definition.models['city']!.computes)).toEqual([]);
    expect(Object.keys(models.definition.models['city']!.computes)).toEqual(['displayName', 'shout']);
    expect(models.version).toBe(base.version + 3);
    expect(base.registry().field('city', 'displayName').compute).toBeUndefined();
    expect(models.registry().field('city', 'displayName').compute?.depends).toEqual(['name', 'country.name']);
  });

  test('what did not change is shared, and nothing can be changed behind the version', () => {
    expect(models.definition.models['city']!.fields).toBe(base.definition.models['city']!.fields);
    expect(Object.isFrozen(models.definition.models['city']!.computes)).toBe(true);
  });

  test('a registry is built once a version', () => {
    expect(models.registry()).toBe(models.registry());
    expect(models.registry()).not.toBe(base.registry());
  });
});

describe('trigger trees', () => {
  const registry = models.registry();
  const tree = (model: string, field: string): unknown => shape(registry.triggersOf(registry.field(model, field)));

  test('a name has its own dependents here, and those elsewhere behind the relation back', () => {
    expect(tree('city', 'name')).toEqual({ targets: ['city.displayName', 'city.shout'] });
    expect(tree('country', 'name')).toEqual({ targets: [], branches: { 'city.country': { targets: ['city.displayName', 'city.shout'] } } });
  });

  test('a many2one triggers those who follow it, and the owner of the list on its other side', () => {
    expect(tree('city', 'country')).toEqual({ targets: ['city.displayName', 'city.shout'], branches: { 'country.cities': { targets: ['country.cityCount'] } } });
  });

  test('the direct tree has those only who read the field itself', () => {
    expect(shape(registry.directTriggersOf(registry.field('city', 'name')))).toEqual({ targets: ['city.displayName'] });
  });

  test('back through a many2one and then its own list leads to where one came from', () => {
    const around = defineModels({
      country: { name: char(), cities: one2many('city', 'country'), summary: char({ store: true }) },
      city: { country: many2one('country'), label: char({ store: true }) },
    })
      .compute('city', 'label', ['country.name'], (city) => city.country?.name ?? null)
      .compute('country', 'summary', ['cities.label'], (country) => country.cities.mapped('label').join());
    const { field, triggersOf } = { field: around.registry().field('country', 'name'), triggersOf: (one: Field) => around.registry().triggersOf(one) };
    expect(shape(triggersOf(field))).toEqual({ targets: ['country.summary'], branches: { 'city.country': { targets: ['city.label'] } } });
  });
});

describe('the schema handed to a storage', () => {
  const { schema } = defineModels({
    'res.country': { name: char({ required: true }), isoCode: char({ unique: true, column: 'iso' }), cities: one2many('res.city', 'country') },
    'res.city': { country: many2one('res.country', { required: true }), label: char(), longName: char({ store: true, required: true }) },
  })
    .compute('res.city', 'label', ['country'], () => null)
    .compute('res.city', 'longName', ['country'], () => 'x')
    .registry();

  test('names become snake case, columns may be named by hand', () => {
    expect(schema.table('res.country').table).toBe('res_country');
    expect(schema.table('res.country').columns.map(({ column }) => column)).toEqual(['name', 'iso']);
    expect(schema.table('res.city').columns.map(({ column }) => column)).toEqual(['country', 'long_name']);
  });

  test('what is computed has a column only when it is stored, and may be empty until it has been computed', () => {
    expect(schema.column('res.city', 'longName').required).toBe(false);
    expect(schema.column('res.city', 'country')).toMatchObject({ required: true, index: true, references: { model: 'res.country', onDelete: 'restrict' } });
  });
});

describe('a registry answers', () => {
  const registry = models.registry();

  test('what a computed field reads, path by path', () => {
    expect(registry.dependsOn(registry.field('city', 'displayName')).map((path) => path.map(String))).toEqual([['city.name'], ['city.country', 'country.name']]);
    expect(registry.dependsOn(registry.field('city', 'name'))).toEqual([]);
  });

  test('which relations are two sides of one', () => {
    const [country, cities] = [registry.field('city', 'country'), registry.field('country', 'cities')];
    expect([registry.inversesOf(country), registry.inversesOf(cities)]).toEqual([[cities], [country]]);
    expect(registry.inversesOf(registry.field('city', 'mayor'))).toEqual([]);
  });

  test('what it does not have, with the nearest name', () => {
    expect(() => registry.model('citty')).toThrow(/citty.*city/s);
    expect(() => registry.field('city', 'nmae')).toThrow(/nmae.*name/s);
  });
});

test('options of a model are given one by one, by whoever has something to say', () => {
  const told = base.options('city', { table: 'towns', order: ['country.name', '-name'], versioned: true }).options('city', { description: 'where people live', id: 'uuid', idColumn: 'key' });
  expect(told.registry().model('city')).toMatchObject({
    table: 'towns', idColumn: 'key', idType: 'uuid', versioned: true, description: 'where people live',
    order: [{ path: ['country', 'name'], direction: 'asc' }, { path: ['name'], direction: 'desc' }],
  });
  expect(told.registry().schema.column('city', 'mayor').type).toBe('uuid');
});
