import type { Registry, TriggerTree } from '@ormolu/registry';
import { atMost, bench, growthCase, memoryCase, timeCase } from '../harness';
import { bare, defined, DEPENDS, worldOf, type World } from './worlds';

const MODELS = 500;
const FIELDS = 30;
const VERSIONS = 10;

/** A version that differs from others by one field of one model. */
function extended(models: ReturnType<typeof defined>, world: World, at: number): Registry {
  return models.extend({ m250: { [`x${String(at)}`]: world['m0']?.['f0'] ?? { kind: 'char', options: {} } } }).registry();
}

/** Every dependent in a tree. */
function countOf(tree: TriggerTree): number {
  let count = tree.targets.length;
  for (const branch of tree.branches.values()) count += countOf(branch);
  return count;
}

/** Who reads a field of the hub, by looking at all definitions. */
function readersOf(world: World): number {
  let count = 0;
  for (const fields of Object.values(world)) {
    for (const path of DEPENDS) {
      const [first = '', second] = path.split('.');
      if (fields[first]?.comodel === 'm0' && second === 'f0') count += 1;
    }
  }
  return count;
}

function fresh(count: number): { run: () => unknown; before: () => void } {
  const world = worldOf(count);
  let models = defined(world);
  return { before: () => void (models = defined(world)), run: () => models.registry() };
}

const kept: unknown[] = [];

export default bench({
  title: 'What do many models cost?',
  cases: [
    timeCase({ name: 'setup of 500 models of 30 fields, checks included', target: atMost(80), operations: MODELS * FIELDS, clock: 'cpu', base: () => { const world = worldOf(MODELS); return () => bare(world); }, ours: () => fresh(MODELS) }),
    timeCase({
      name: 'extension by one field, to the registry', target: atMost(4), clock: 'cpu',
      base: () => { const world = worldOf(MODELS); return () => bare(world); },
      ours: () => {
        const world = worldOf(MODELS);
        const models = defined(world);
        models.registry();
        let at = 0;
        return () => extended(models, world, at++);
      },
    }),
    timeCase({
      name: 'trigger tree of the field most read, anew', target: atMost(20), operations: MODELS, clock: 'cpu',
      base: () => { const world = worldOf(MODELS); return () => readersOf(world); },
      ours: () => {
        const world = worldOf(MODELS);
        const models = defined(world);
        models.registry();
        let at = 0;
        let registry = models.registry();
        return { before: () => void (registry = extended(models, world, at++)), run: () => countOf(registry.triggersOf(registry.field('m0', 'f0'))) };
      },
    }),
    growthCase({
      name: 'setup of one model by their number', target: atMost(2), sizes: [125, 500, 2_000], operations: (size) => size, clock: 'cpu', against: 'base', ours: fresh,
      base: (size) => { const world = worldOf(size); return () => bare(world); },
    }),
    memoryCase({
      name: 'bytes of a version that adds one field, to those of one made anew', target: atMost(0.05), values: VERSIONS,
      base: () => { const world = worldOf(MODELS); return Array.from({ length: VERSIONS }, () => defined(world).registry()); },
      ours: () => {
        const world = worldOf(MODELS);
        const models = defined(world);
        models.registry();
        kept.push(world, models);
        return Array.from({ length: VERSIONS }, (_, at) => extended(models, world, at));
      },
    }),
  ],
});
