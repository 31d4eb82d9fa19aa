import { bigint, binary, char, datetime, float, many2one, related, type Field, type FieldDefinition, type ModelsPatch, type TriggerTree } from '../src/index';
import { looseExtension, looseModels } from './support/loose';
import { problemsOf } from './support/problems-of';

/** Nodes and targets of a whole tree. */
function sizeOf(tree: TriggerTree): { readonly nodes: number; readonly targets: number } {
  let [nodes, targets] = [0, 0];
  const work = [tree];
  for (let here = work.pop(); here; here = work.pop()) {
    nodes += 1;
    targets += here.targets.length;
    work.push(...here.branches.values());
  }
  return { nodes, targets };
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

test('the tree of fields that depend on one another has one level, however many there are', () => {
  const count = 40;
  const fields: Record<string, FieldDefinition> = { name: char() };
  for (const at of numbers(count)) Object.assign(fields, { [`f${String(at)}`]: char({ store: true, recursive: true }), [`p${String(at)}`]: many2one('node') });
  let models = looseModels({ node: fields });
  for (const at of numbers(count)) models = models.compute('node', `f${String(at)}`, ['name', ...numbers(count).map((other) => `p${String(other)}.f${String(other)}`)], () => null);
  const registry = models.registry();
  expect(sizeOf(registry.triggersOf(registry.field('node', 'name')))).toEqual({ nodes: 1, targets: count });
  expect(sizeOf(registry.triggersOf(registry.field('node', 'f0')))).toEqual({ nodes: 2, targets: count });
});

test('a chain of computed fields through 1,500 records has a tree that deep, pruned or not', () => {
  const length = 1_500;
  let models = looseModels({ node: { parent: many2one('node'), f0: char(), ...Object.fromEntries(numbers(length).map((at) => [`f${String(at + 1)}`, char({ store: true })])) } });
  for (const at of numbers(length)) models = models.compute('node', `f${String(at + 1)}`, [`parent.f${String(at)}`], () => null);
  const registry = models.registry();
  const first: Field = registry.field('node', 'f0');
  expect(sizeOf(registry.triggersOf(first))).toEqual({ nodes: length + 1, targets: length });
  const last = `node.f${String(length)}`;
  expect(sizeOf(registry.prunedTriggersOf([first], (field) => field.toString() === last))).toEqual({ nodes: length + 1, targets: 1 });
});

test('a chain of 3,000 related fields shows what stands at its end', () => {
  const length = 3_000;
  const fields: Record<string, FieldDefinition> = { parent: many2one('node'), f0: char({ size: 7 }) };
  for (const at of numbers(length)) fields[`f${String(at + 1)}`] = related(`parent.f${String(at)}`);
  const { kind, options } = looseModels({ node: fields }).registry().field('node', `f${String(length)}`);
  expect({ kind, size: options.size }).toEqual({ kind: 'char', size: 7 });
});

test('a chain of related fields through 300 models is rebuilt when its end changes, and only then', () => {
  const length = 300;
  const fields: Record<string, Record<string, FieldDefinition>> = { aside: { name: char() }, [`m${String(length)}`]: { x: char() } };
  for (const at of numbers(length)) fields[`m${String(at)}`] = { next: many2one(`m${String(at + 1)}`), x: related('next.x') };
  const models = looseModels(fields);
  const before = models.registry().model('m0');
  expect(models.extend({ aside: { more: char() } }).registry().model('m0')).toBe(before);
  const after = models.extend({ [`m${String(length)}`]: { x: char({ size: 3 }) } }).registry();
  expect(after.field('m0', 'x').options.size).toBe(3);
});

test('a broken path is told once, at the field that has it, and not at those that show this field', () => {
  const problems = problemsOf(looseModels({ node: { parent: many2one('node'), a: related('parent.nmae'), b: related('parent.a'), name: char() }, leaf: { node: many2one('node'), c: related('node.b') } }));
  expect(problems).toMatchObject([{ model: 'node', field: 'a', remedy: "Did you mean 'name'?" }]);
});

test.each(['first', 'last'])('a chain of 1,200 mixins is worked in, defined from the %s on', (from) => {
  const length = 1_200;
  const order = from === 'first' ? numbers(length) : [...numbers(length)].reverse();
  let models = looseModels(Object.fromEntries(order.map((at) => [`m${String(at)}`, { [at === 0 ? 'root' : 'name']: char() }])));
  for (const at of numbers(length).slice(1)) models = models.mixin(`m${String(at)}`, `m${String(at - 1)}`);
  expect([...models.registry().model(`m${String(length - 1)}`).fields.keys()]).toEqual(['root', 'name']);
});

test('a circle of 1,000 mixins is refused, and named', () => {
  let models = looseModels(Object.fromEntries(numbers(1_000).map((at) => [`m${String(at)}`, { name: char() }])));
  for (const at of numbers(1_000)) models = models.mixin(`m${String(at)}`, `m${String((at + 1) % 1_000)}`);
  expect(problemsOf(models)).toMatchObject([{ model: 'm999', problem: "it takes itself over, by way of 'm0'." }]);
});

test('two hundred modules, each built on the one before, are joined in the order in which they build on one another', () => {
  let models = looseModels({ node: { name: char() } });
  const base = models;
  const modules = numbers(200).map((at) => {
    const module = looseExtension(`module${String(199 - at)}`, models, (before) => before.extend({ node: { [`f${String(at)}`]: char() } }));
    models = models.with(module);
    return module;
  });
  expect([...base.with(...modules).registry().model('node').fields.keys()]).toEqual(['name', ...numbers(200).map((at) => `f${String(at)}`)]);
});

test.each([
  ['a Date', datetime({ default: new Date(0) })], ['a bigint', bigint({ default: 5n })], ['bytes', binary({ default: new Uint8Array([1]) })], ['a function', char({ default: () => 'x' })],
])('a definition whose default is %s survives JSON, and so does a patch that brings it', (_, x) => {
  const [here, there] = [looseModels({ node: { name: char() } }), looseModels({ node: { name: char() } })];
  const module = looseExtension('defaults', here, (models) => models.extend({ node: { x } }));
  const joined = here.with(module);
  const patch = joined.registry().patchesSince(1);
  const sent = JSON.parse(JSON.stringify({ definition: joined.definition, patch })) as { definition: unknown; patch: ModelsPatch };
  expect(sent.definition).toEqual(joined.definition);
  const followed = there.patched(sent.patch, [module]).registry();
  expect(followed.field('node', 'x').default).toEqual(joined.registry().field('node', 'x').default);
});

test('a default of NaN is refused at setup', () => {
  expect(problemsOf(looseModels({ node: { x: float({ default: NaN }) } }))).toMatchObject([{ model: 'node', field: 'x', problem: expect.stringContaining('its default is no value of it') as string }]);
});
