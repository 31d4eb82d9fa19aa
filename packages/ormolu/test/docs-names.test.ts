import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** All source files of the packages, from the root. */
const sources = readdirSync(join(root, 'packages')).flatMap((name) =>
  readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join('packages', name, 'src', file)));
const text = sources.map(read).join('\n');

describe('the walk through the files', () => {
  const named = [...read('docs/ladder.md').replace(/^```[^]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
  const files = named.filter((code) => code.endsWith('.ts'));
  const words = named.filter((code) => /^[a-z]\w*[A-Z]\w*$|^[A-Z][a-z]\w+$/.test(code));

  test('names files that are where it says', () => {
    expect(files.length).toBeGreaterThan(20);
    const isThere = (file: string): boolean => (sources.some((path) => path.endsWith(`/${file}`)) || (file.includes('/') && existsSync(join(root, file.startsWith('packages/') ? file : join('packages', file)))));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  test('names functions and types that are in the sources', () => {
    expect(words.length).toBeGreaterThan(15);
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(text))).toEqual([]);
  });
});

test('every page that the sources send a reader to exists', () => {
  const pages = new Set([...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => page));
  expect(pages.size).toBeGreaterThan(3);
  expect([...pages].filter((page) => !existsSync(join(root, page)))).toEqual([]);
});
