import type { Field, Registry } from '@ormolu/registry';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { problemsOf } from './support/problems-of';
import { anyModels, defined, soundModels, unsoundFields, type Key, type RandomModels } from './support/random-models';
import { closureOf, keysOf, partsOf, type Part } from './support/tree-parts';

const field = (registry: Registry, key: Key): Field => {
  const [model = '', name = ''] = key.split('.');
  return registry.field(model, name);
};
const sorted = (parts: Iterable<Part>): readonly Part[] => [...parts].sort();

test('law: for all models, the tree of every field has the dependents of the brute-force closure, whatever is looked at first', () => {
  fc.assert(fc.property(soundModels, fc.infiniteStream(fc.nat(99)), (models, choices) => {
    const registry = defined(models).registry();
    const choose = (count: number): number => (choices.next().value ?? 0) % count;
    for (const key of keysOf(registry)) expect(sorted(partsOf(registry.triggersOf(field(registry, key)), choose))).toEqual(sorted(closureOf(models, key)));
  }), { numRuns: lawRuns(300) });
});

test('law: for all models, the direct tree of every field has those who read it, and no others', () => {
  fc.assert(fc.property(soundModels, (models) => {
    const registry = defined(models).registry();
    for (const key of keysOf(registry)) expect(sorted(partsOf(registry.directTriggersOf(field(registry, key))))).toEqual(sorted(closureOf(models, key, true)));
  }), { numRuns: lawRuns(100) });
});

test('law: for all models, sets of fields and wishes, the pruned tree has the wanted dependents of all of them, and no branch without one', () => {
  fc.assert(fc.property(soundModels, fc.func(fc.boolean()), fc.func(fc.boolean()), (models, isCause, isWanted) => {
    const registry = defined(models).registry();
    const causes = keysOf(registry).filter((key) => isCause(key));
    const wanted = (part: Part): boolean => isWanted(part.split('> ')[1]);
    const tree = registry.prunedTriggersOf(causes.map((key) => field(registry, key)), (target) => isWanted(target.toString()));
    const parts = sorted(partsOf(tree));
    expect(parts).toEqual(sorted(new Set(causes.flatMap((key) => [...closureOf(models, key)].filter(wanted)))));
    const emptyBranches = [...allBranches(tree)].filter(({ targets, branches }) => targets.length === 0 && branches.size === 0);
    expect(emptyBranches).toEqual([]);
  }), { numRuns: lawRuns(100) });
});

test('law: for all models, setup refuses those with a cycle that no recursive field is on, and names such a cycle', () => {
  fc.assert(fc.property(anyModels, (models) => {
    const unsound = new Set(unsoundFields(models));
    const problems = problemsOf(defined(models));
    expect(problems.length > 0).toBe(unsound.size > 0);
    for (const { problem } of problems) {
      const [, cycle = ''] = /^it depends on itself: (.*)\.$/.exec(problem) ?? [];
      const keys = cycle.split(' → ');
      expect(keys.at(-1)).toBe(keys[0]);
      expect(keys.filter((key) => !unsound.has(key))).toEqual([]);
    }
  }), { numRuns: lawRuns(300) });
});

test('law: for all models, the other side of an other side is the field itself', () => {
  fc.assert(fc.property(soundModels, (models) => {
    const registry = defined(models).registry();
    for (const key of keysOf(registry)) {
      const one = field(registry, key);
      expect(registry.inversesOf(one).map(String)).toEqual(othersOf(models, key));
      for (const other of registry.inversesOf(one)) expect(registry.inversesOf(other)).toContain(one);
    }
  }), { numRuns: lawRuns(100) });
});

function othersOf(models: RandomModels, key: Key): readonly Key[] {
  const [model = '', name = ''] = key.split('.');
  const { kind, comodel = '', inverse = '' } = models[model]?.[name] ?? { kind: 'char' };
  if (kind === 'one2many') return [`${comodel}.${inverse}`];
  if (kind !== 'many2one') return [];
  return Object.entries(models[comodel] ?? {}).flatMap(([other, field]) => (field.kind === 'one2many' && field.comodel === model && field.inverse === name ? [`${comodel}.${other}`] : []));
}

interface Branch {
  readonly targets: readonly Field[];
  readonly branches: ReadonlyMap<Field, Branch>;
}

function* allBranches({ branches }: Branch): Generator<Branch> {
  for (const branch of branches.values()) {
    yield branch;
    yield* allBranches(branch);
  }
}
