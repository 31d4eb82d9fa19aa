import { lawRuns } from '@ormolu/test-support';

const before = process.env['ORMOLU_LAW_RUNS'];
afterEach(() => {
  if (before === undefined) delete process.env['ORMOLU_LAW_RUNS'];
  else process.env['ORMOLU_LAW_RUNS'] = before;
});

test('an ordinary law runs as often as the variable says, others in proportion, each once at least', () => {
  delete process.env['ORMOLU_LAW_RUNS'];
  expect([lawRuns(), lawRuns(20)]).toEqual([100, 20]);
  process.env['ORMOLU_LAW_RUNS'] = '1000';
  expect([lawRuns(), lawRuns(20)]).toEqual([1_000, 200]);
  process.env['ORMOLU_LAW_RUNS'] = '1';
  expect([lawRuns(), lawRuns(20)]).toEqual([1, 1]);
});

test.each(['many', '0', '-1', 'Infinity'])('%s is refused by name', (text) => {
  process.env['ORMOLU_LAW_RUNS'] = text;
  expect(() => lawRuns(200)).toThrow(`ORMOLU_LAW_RUNS is '${text}'`);
});
