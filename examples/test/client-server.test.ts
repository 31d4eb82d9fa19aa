import { runExample } from './run-example';

test('two clients work through one server', () => {
  const lines = runExample('12-client-server.ts');
  expect(lines.filter((line) => !line.startsWith(' '))).toEqual(['Ghent makes it 265000', 'Ypres makes it 300000', 'the server has 2 cities']);
  const steps = lines.flatMap((line) => /^ {2}(.+): asked for \d+ values or records, had [1-9]/.exec(line)?.[1] ?? []);
  // For the first of them the server's cache has nothing yet.
  expect(steps).toEqual(['transaction', 'local', 'network', 'server: storage', 'transaction', 'local', 'network', 'server: local', 'server: storage']);
}, 120_000);
