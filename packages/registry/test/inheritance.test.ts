import { char, defineModels, extension, integer, many2one, one2many, reference, related, selection, type Registry } from '@ormolu/registry';

const base = defineModels({
  country: { name: char({ required: true, index: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true, description: 'of the city' }), size: integer(), country: many2one('country'), state: selection(['draft', 'done']), about: reference(['country']), label: char({ store: true }) },
})
  .compute('city', 'label', ['name'], () => 'label of the base')
  .method('city', { grow: (_, by: number) => `${String(by)} more`, shrink: () => 'less' });

/** What a method gives. */
function called(registry: Registry, model: string, method: string, ...args: readonly unknown[]): unknown {
  return registry.model(model).methods.get(method)?.(undefined, ...args);
}

describe('fields defined again', () => {
  const extended = base.extend({ city: { name: char({ size: 40, description: 'as people say it' }), state: selection(['closed', 'done']), about: reference(['city']), country: many2one('country', { onDelete: 'cascade' }) } });

  test('options are replaced one by one, all others stay', () => {
    const { options, isRequired } = extended.registry().field('city', 'name');
    expect([options, isRequired]).toEqual([{ required: true, description: 'as people say it', size: 40 }, true]);
    expect(extended.registry().field('city', 'country').relation).toMatchObject({ comodel: 'country', onDelete: 'cascade' });
  });

  test('words of a selection and models of a reference are added', () => {
    expect(extended.registry().field('city', 'state').options.values).toEqual(['draft', 'done', 'closed']);
    expect(extended.registry().field('city', 'about').options.models).toEqual(['country', 'city']);
    expect(extended.registry().field('city', 'about').toCache('city,3')).toBe('city,3');
  });

  test('a compute said later replaces the one before, for those of its fields only', () => {
    const again = base.extend({ city: { other: char({ store: true }) } }).computeBatch('city', ['label', 'other'], ['size'], () => undefined).compute('city', 'label', ['country.name'], () => 'later');
    const registry = again.registry();
    expect(registry.field('city', 'label').compute).toMatchObject({ isBatch: false, depends: ['country.name'] });
    expect(registry.field('city', 'label').compute?.fields.map(String)).toEqual(['city.label']);
    expect(registry.field('city', 'other').compute?.fields.map(String)).toEqual(['city.other']);
    expect(registry.directTriggersOf(registry.field('city', 'name')).targets).toEqual([]);
  });
});

describe('methods', () => {
  test('an override has those before it, whoever said them', () => {
    const twice = base.override('city', (previous) => ({ grow: (cities, by) => `twice ${previous.grow(cities, 2 * by)}` }));
    const noted = extension('noted', twice, (models) => models.override('city', (previous) => ({ grow: (cities, by) => `noted: ${previous.grow(cities, by)}`, shrink: (cities) => `no ${previous.shrink(cities)}` })));
    const registry = twice.with(noted).registry();
    expect([called(registry, 'city', 'grow', 3), called(registry, 'city', 'shrink')]).toEqual(['noted: twice 6 more', 'no less']);
    expect(called(base.registry(), 'city', 'grow', 3)).toBe('3 more');
  });

  test('a method said again takes the place of the one before, which nobody calls any more', () => {
    const registry = base.method('city', { shrink: () => 'none' }).override('city', (previous) => ({ shrink: (cities) => `after ${previous.shrink(cities)}` })).registry();
    expect(called(registry, 'city', 'shrink')).toBe('after none');
  });
});

describe('abstract models', () => {
  const models = defineModels({
    named: { name: char({ required: true }), shout: char({ store: true }), parent: many2one('thing') },
    thing: { size: integer() },
    other: { shout: char({ store: true, index: true }) },
  })
    .options('named', { abstract: true })
    .compute('named', 'shout', ['name'], (one) => one.name.toUpperCase())
    .method('named', { greet: () => 'hello' })
    .mixin('thing', 'named').mixin('other', 'named')
    .override('thing', (previous) => ({ greet: (things) => `${previous.greet(things)}, thing` }));
  const registry = models.registry();

  test('who takes one over has its fields, computes and methods, and may say more of them', () => {
    expect([...registry.model('thing').fields.keys()].sort()).toEqual(['name', 'parent', 'shout', 'size']);
    expect(registry.field('thing', 'shout').model).toBe('thing');
    expect(registry.field('other', 'shout').options).toEqual({ store: true, index: true });
    expect(registry.triggersOf(registry.field('other', 'name')).targets.map(String)).toEqual(['other.shout']);
    expect([called(registry, 'thing', 'greet'), called(registry, 'other', 'greet')]).toEqual(['hello, thing', 'hello']);
  });

  test('the abstract model has no table', () => {
    expect(registry.schema.tables.map(({ model }) => model).sort()).toEqual(['other', 'thing']);
  });

  test('a field added to it later is there in those that took it over', () => {
    const later = models.extend({ named: { code: char({ unique: true }) } }).registry();
    expect([later.field('thing', 'code').options, later.field('other', 'code').options]).toEqual([{ unique: true }, { unique: true }]);
    expect(() => registry.field('thing', 'code')).toThrow(expect.objectContaining({ code: 'FIELD_UNKNOWN' }) as Error);
  });
});

describe('delegation', () => {
  const models = defineModels({
    person: { name: char({ required: true }), email: char(), home: many2one('place'), secret: char({ groups: ['staff'] }) },
    place: { name: char() },
    user: { person: many2one('person', { required: true, onDelete: 'cascade' }), login: char(), email: char() },
  }).delegate('user', 'person');
  const registry = models.registry();

  test('the fields of the record delegated to are shown, written through, except those the model has itself', () => {
    expect([...registry.model('user').fields.keys()].sort()).toEqual(['email', 'home', 'login', 'name', 'person', 'secret']);
    expect(registry.field('user', 'name')).toMatchObject({ kind: 'char', related: ['person', 'name'], isStored: false, isReadonly: false, inverse: expect.any(Function) as unknown });
    expect(registry.field('user', 'email').related).toBeUndefined();
    expect(registry.field('user', 'home').relation?.comodel).toBe('place');
    expect(registry.model('user').delegates).toEqual(['person']);
    expect(registry.field('user', 'secret').groups).toEqual(['staff']);
  });

  test('a change there is a change here', () => {
    const { branches } = registry.triggersOf(registry.field('person', 'name'));
    expect([...branches].map(([key, { targets }]) => [key.toString(), targets.map(String)])).toEqual([['user.person', ['user.name']]]);
  });

  test('delegation goes on through delegates', () => {
    const further = models.extend({ admin: { user: many2one('user', { required: true }) } }).delegate('admin', 'user').registry();
    expect(further.field('admin', 'name').related).toEqual(['user', 'name']);
    expect(further.triggersOf(further.field('person', 'name')).branches.size).toBe(1);
  });
});

test('one goes back to dependents through what a related relation shows', () => {
  const registry = defineModels({
    country: { name: char() },
    city: { country: many2one('country') },
    street: { city: many2one('city'), country: related('city.country'), label: char({ store: true }) },
  }).compute('street', 'label', ['country.name'], (street) => street.country?.name ?? null).registry();
  const tree = registry.triggersOf(registry.field('country', 'name'));
  const [[key, cities] = []] = tree.branches;
  const [[next, streets] = []] = cities?.branches ?? [];
  expect([key, next, streets?.targets].map(String)).toEqual(['city.country', 'street.city', 'street.label']);
});
