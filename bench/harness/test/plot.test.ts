import { plot } from '../plot';

test('a curve is drawn with a power of ten around it, and names are escaped', () => {
  const svg = plot('a < b & c', [{ label: 'ours', points: [[1_000, 3], [1_000_000, 5]] }, { label: 'base', points: [[1_000, 20], [1_000_000, 300]] }]);
  expect(svg).toContain('a &lt; b &amp; c');
  for (const tick of ['1,000', '1,000,000', '>1<', '>1,000<']) expect(svg).toContain(tick);
  expect(svg).not.toMatch(/NaN|Infinity/);
});
