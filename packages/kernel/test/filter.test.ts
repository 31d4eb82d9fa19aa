import { allOf, condition, EVERYTHING, pathsOf, type Filter } from '../src/index';

test('the paths of a filter are those of all its parts, in the order written', () => {
  const filter: Filter = {
    kind: 'and',
    all: [condition(['name'], 'eq', 'Ghent'), { kind: 'or', any: [condition(['country', 'code'], 'in', ['BE']), { kind: 'not', not: condition(['id'], 'gt', 3) }] }],
  };
  expect([...pathsOf(filter)]).toEqual([['name'], ['country', 'code'], ['id']]);
});

test('all of one filter is that filter, all of none is everything', () => {
  const only = condition(['name'], 'eq', 'Ghent');
  expect(allOf([only])).toBe(only);
  expect(allOf([])).toEqual(EVERYTHING);
});
