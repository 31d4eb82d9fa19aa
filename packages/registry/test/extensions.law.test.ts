import { ExtensionConflictError } from '@ormolu/registry';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { described } from './support/described';
import { looseExtension, type LooseModels } from './support/loose';
import { anySaying, claimsOf, sayTo, smallBase, type Saying } from './support/random-sayings';

const sayings = fc.array(anySaying, { minLength: 1, maxLength: 4 });

function made(name: string, said: readonly Saying[], base: LooseModels = smallBase()): ReturnType<typeof looseExtension> {
  return looseExtension(name, base, (models) => said.reduce(sayTo, models));
}

/** What came of joining: everything that can be seen, or who is in conflict about what. */
function outcome(join: () => LooseModels): unknown {
  try {
    const joined = join();
    return { definition: joined.definition, seen: described(joined) };
  } catch (error) {
    if (!(error instanceof ExtensionConflictError)) throw error;
    return { message: error.message, details: error.details };
  }
}

test('law: for all modules, joining them in either order is the same, conflicts included', () => {
  fc.assert(fc.property(sayings, sayings, sayings, (one, other, third) => {
    const [a, b, c] = [made('a', one), made('b', other), made('c', third)];
    const wanted = outcome(() => smallBase().with(a, b, c));
    for (const order of [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a], [c, b, b, a, c]]) expect(outcome(() => smallBase().with(...order))).toEqual(wanted);
  }), { numRuns: lawRuns(80) });
});

test('law: for all two modules, they conflict exactly when they say different things of one part, and the error names both', () => {
  fc.assert(fc.property(sayings, sayings, (one, other) => {
    // What counts is what each says last of a part.
    const lastOf = (said: readonly Saying[]): ReadonlyMap<string, string | undefined> => new Map(said.flatMap(claimsOf));
    const [left, right] = [lastOf(one), lastOf(other)];
    const parts = [...left].filter(([part, value]) => right.has(part) && (value === undefined || right.get(part) !== value)).map(([part]) => part);
    const join = (): unknown => outcome(() => smallBase().with(made('b', one), made('a', other)));
    if (parts.length === 0) {
      expect(join()).toHaveProperty('definition');
      return;
    }
    expect(join()).toMatchObject({ message: expect.stringMatching(/^The modules 'a' and 'b' say different things of /) as unknown, details: { modules: ['a', 'b'] } });
    for (const part of parts) expect(join()).toMatchObject({ message: expect.stringContaining(part) as unknown });
  }), { numRuns: lawRuns(300) });
});

test('law: for all two modules, the one that builds on the other has the last word', () => {
  fc.assert(fc.property(sayings, sayings, (one, other) => {
    const base = made('z', one);
    const top = made('a', other, smallBase().with(base));
    const inTurn = [...one, ...other].reduce(sayTo, smallBase());
    const seen = outcome(() => smallBase().with(top, base));
    expect(seen).toEqual(outcome(() => smallBase().with(base).with(top)));
    expect(described(smallBase().with(base, top))).toEqual(described(inTurn));
  }), { numRuns: lawRuns(200) });
});

test('of three modules, those in conflict are found whatever they are called', () => {
  const options = (name: string): Saying => ({ say: 'options', model: 'a', options: { description: name }, words: '' });
  for (const [top, same, below] of [['c', 'a', 'b'], ['a', 'b', 'c'], ['b', 'c', 'a']] as const) {
    const base = made(below, [options('one')]);
    const [other, builtOnBase] = [made(same, [options('one')]), made(top, [options('two')], smallBase().with(base))];
    expect(() => smallBase().with(base, other, builtOnBase)).toThrow(/say different things of a \(description\)/);
  }
});

test('what a module says again counts as it says it last', () => {
  const said = (...descriptions: readonly string[]): readonly Saying[] => descriptions.map((description) => ({ say: 'options', model: 'a', options: { description }, words: '' }));
  expect(smallBase().with(made('one', said('x')), made('two', said('y', 'x'))).definition.models['a']?.options.description).toBe('x');
});

test('two modules of one name are refused, also when one of them is the base', () => {
  for (const join of [() => smallBase().with(made('one', []), made('one', [])), () => smallBase().with(made('models', []))]) expect(join).toThrow(/their own name/);
});
