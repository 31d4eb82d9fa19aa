import type { Registry, TriggerTree } from '@ormolu/registry';
import { atMost, bench, growthCase, memoryCase, timeCase } from '../harness';
import { bare, definer, DEPENDS, worldOf, type Loose, type World } from './worlds';

const MODELS = 500;
const FIELDS = 30;
const VERSIONS = 10;

/** A version that differs from others by one field of one model. */
function extended(models: Loose, world: World, at: number): Registry {
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
  const define = definer(worldOf(count));
  let models = define();
  return { before: () => void (models = define()), run: () => models.registry() };
}

let first: { readonly world: World; readonly models: Loose } | undefined;

/** The version that others begin with: made in the round that nobody weighs, and shared by all that follow. */
function firstVersion(): { readonly world: World; readonly models: Loose } {
  if (!first) {
    const world = worldOf(MODELS);
    first = { world, models: definer(world)() };
    first.models.registry();
  }
  return first;
}

// Setup, extension and tree have no target: none was set before they were measured. Their base does a part of the work only.
export default bench({
  title: 'What do many models cost?',
  cases: [
    timeCase({ name: 'setup of 500 models of 30 fields, checks included', operations: MODELS * FIELDS, clock: 'cpu', base: () => { const world = worldOf(MODELS); return () => bare(world); }, ours: () => fresh(MODELS) }),
    timeCase({
      name: 'extension by one field, to the registry', clock: 'cpu',
      base: () => { const world = worldOf(MODELS); return () => bare(world); },
      ours: () => {
        const world = worldOf(MODELS);
        const models = definer(world)();
        models.registry();
        let at = 0;
        return () => extended(models, world, at++);
      },
    }),
    timeCase({
      name: 'trigger tree of the field most read, anew', operations: MODELS, clock: 'cpu',
      base: () => { const world = worldOf(MODELS); return () => readersOf(world); },
      ours: () => {
        const world = worldOf(MODELS);
        const models = definer(world)();
        models.registry();
        let at = 0;
        let registry = models.registry();
        return { before: () => void (registry = extended(models, world, at++)), run: () => countOf(registry.triggersOf(registry.field('m0', 'f0'))) };
      },
    }),
    growthCase({
      name: 'setup of one model by their number', target: atMost(2), rounds: 5, sizes: [125, 500, 2_000], operations: (size) => size, clock: 'cpu', against: 'base', ours: fresh,
      base: (size) => { const world = worldOf(size); return () => bare(world); },
    }),
    memoryCase({
      name: 'bytes of a version that adds one field, to those of one made anew', target: atMost(0.05), rounds: 5, values: VERSIONS,
      base: () => { const define = definer(worldOf(MODELS)); return Array.from({ length: VERSIONS }, () => define().registry()); },
      ours: () => {
        const { world, models } = firstVersion();
        return Array.from({ length: VERSIONS }, (_, at) => extended(models, world, at));
      },
    }),
  ],
});
