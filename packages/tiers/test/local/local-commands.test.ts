import { parseSnapshot } from '@ormolu/kernel';
import { LocalCommands, type LocalCommandsOptions } from '../../src/local/local-commands';
import type { CommandEntry } from '../../src/local/query-cache';
import { collected } from '@ormolu/test-support';

const stamp = { snapshot: parseSnapshot('10:10:')!, epoch: 'e' };
const entry = (answer: unknown, ...models: readonly string[]): CommandEntry => ({ stamp, answer, askedAtMs: 0, tags: models.map((model) => ({ model, fields: [] })) });

test('an answer takes the place of the one before', () => {
  const commands = new LocalCommands({ maxEntries: 10 });
  expect(commands.put('k', entry([1], 'a'), { ms: 0, results: 1 })).toBe(true);
  expect(commands.put('k', entry([2], 'a'), { ms: 0, results: 1 })).toBe(true);
  expect([commands.peek('k')?.answer, commands.peek('l'), commands.stats().answers]).toEqual([[2], undefined, 1]);
});

test('an answer that sees less does not take the place of one that sees more, unless it answers another question', () => {
  const commands = new LocalCommands({ maxEntries: 10 });
  const at = (snapshot: string, digest?: string): CommandEntry => ({ ...entry([snapshot]), stamp: { snapshot: parseSnapshot(snapshot)!, epoch: 'e' }, ...(digest === undefined ? {} : { digest }) });
  for (const [snapshot, digest] of [['20:20:'], ['10:10:'], ['15:15:', 'other'], ['10:10:', 'other']] as const) commands.put('k', at(snapshot, digest), { ms: 0, results: 1 });
  expect(commands.peek('k')).toMatchObject({ answer: ['15:15:'], digest: 'other' });
});

test('what was answered fast or is large is not kept, and counted', () => {
  const commands = new LocalCommands({ maxEntries: 10, minTime: '5ms', maxResult: 3 });
  const kept = [[4, 1], [5, 3], [6, 4], [4, 4]].map(([ms = 0, results = 0], at) => commands.put(String(at), entry([]), { ms, results }));
  expect(kept).toEqual([false, true, false, false]);
  expect(commands.stats()).toMatchObject({ answers: 1, tooFast: 2, tooLarge: 1 });
});

test('all answers are forgotten, or those that depend on a model', () => {
  const commands = new LocalCommands({ maxEntries: 10 });
  const fill = (): void => ([['a'], ['b'], ['a', 'b'], []] as const).forEach((models, at) => commands.put(String(at), entry(at, ...models), { ms: 0, results: 1 }));
  const known = (): unknown => ['0', '1', '2', '3'].filter((key) => commands.peek(key));
  fill();
  commands.invalidate('a');
  expect(known()).toEqual(['1', '3']);
  fill();
  commands.invalidate();
  expect(known()).toEqual([]);
});

test.each<[string, LocalCommandsOptions]>([['maxResult', { maxEntries: 1, maxResult: 0 }], ['maxResult', { maxEntries: 1, maxResult: NaN }], ['minTime', { maxEntries: 1, minTime: -1 }], ['maxEntries', {}]])('an option that means nothing is refused: %s', (name, options) => {
  expect(() => new LocalCommands(options)).toThrow(name);
});

test('within a bound of bytes, the process stays within it under ten times as many answers', async () => {
  const maxBytes = 4_000_000;
  const commands = new LocalCommands({ maxBytes });
  for (let at = 0; at < 40_000; at += 1) commands.put(`s "res.city" (in ["name"] ${String(at)})`, { stamp, askedAtMs: 0, tags: [{ model: 'res.city', fields: ['name'] }], answer: Array.from({ length: 40 }, (_, id) => id + at) }, { ms: 1, results: 40 });
  expect(commands.stats().evictions).toBeGreaterThan(30_000);
  const full = await collected();
  commands.invalidate();
  const taken = full - (await collected());
  expect(taken).toBeLessThan(maxBytes);
  expect(taken).toBeGreaterThan(maxBytes / 3);
});

test.each([
  ['a stamp each', (at: number) => `${String(at + 1_000)}:${String(at + 1_000)}:`],
  ['a stamp each, forty transactions in progress', (at: number) => `${String(at + 900)}:${String(at + 1_000)}:${Array.from({ length: 40 }, (_, of) => at + 900 + of).join(',')}`],
])('the bound holds for answers found one by one: %s', async (_, snapshotOf) => {
  const maxBytes = 2_000_000;
  const commands = new LocalCommands({ maxBytes });
  const tags = (at: number): CommandEntry['tags'] => Array.from({ length: 3 }, (__, of) => ({ model: `res.city.${String(of)}`, fields: [['name', at].join(' '), ['size', at].join(' ')] }));
  for (let at = 0; at < 20_000; at += 1) commands.put(`s "res.city" (in ["name"] ${String(at)})`, { stamp: { snapshot: parseSnapshot(snapshotOf(at))!, epoch: 'e' }, askedAtMs: 0, tags: tags(at), answer: [at] }, { ms: 1, results: 1 });
  expect(commands.stats().evictions).toBeGreaterThan(9 * commands.stats().answers);
  expect(commands.stats().bytes).toBeLessThanOrEqual(maxBytes);
  const full = await collected();
  commands.invalidate();
  const share = (full - (await collected())) / maxBytes;
  expect(share).toBeLessThan(1.1);
  expect(share).toBeGreaterThan(0.4);
});
