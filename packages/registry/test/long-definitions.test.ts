import { char, many2one, type Field, type FieldDefinition, type TriggerTree } from '../src/index';
import { looseModels } from './support/loose';

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
