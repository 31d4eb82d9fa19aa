import { runExample } from './run-example';

test('a storage of one\'s own keeps the contract, by the suite that ours keep', () => {
  const lines = runExample('09-own-storage.ts');
  const figure = (name: string): number => Number(new RegExp(`^[#ℹ] ${name} (\\d+)$`, 'm').exec(lines.join('\n'))?.[1]);
  expect(figure('fail')).toBe(0);
  expect(figure('pass')).toBeGreaterThan(80);
});
