import { bench, figureCase, growthCase, timeCase } from '..';

const figure = { name: 'one', unit: 'calls', measure: () => 1 };
const nothing = () => () => undefined;

test('two cases of one name are refused: results are found by name', () => {
  expect(() => bench({ title: 'twice', cases: [figureCase(figure), figureCase(figure)] })).toThrow("two cases named 'one'");
});

test('fewer than five rounds are refused', () => {
  expect(() => bench({ title: 'hasty', cases: [timeCase({ name: 'one', rounds: 3, base: nothing, ours: nothing })] })).toThrow('3 rounds are too few');
});

test('growth against a base that is not there is refused', () => {
  expect(() => bench({ title: 'alone', cases: [growthCase({ name: 'one', sizes: [1, 2], against: 'base', operations: (size) => size, ours: nothing })] })).toThrow('no base');
});

test('growth over one size is refused', () => {
  expect(() => bench({ title: 'flat', cases: [growthCase({ name: 'one', sizes: [10], operations: (size) => size, ours: nothing })] })).toThrow('two sizes or more');
});
