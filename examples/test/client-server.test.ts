import { runExample } from './run-example';

test('two clients work through one server', () => {
  expect(runExample('12-client-server.ts')).toEqual(['Ghent makes it 265000', 'Ypres makes it 300000', 'the server has 2 cities']);
}, 120_000);
