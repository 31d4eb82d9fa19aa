import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
const headings = [...page.matchAll(/^### ([A-Z][A-Z0-9_]+)$/gm)].map(([, code]) => code ?? '');

/** Every literal of the form AREA_FACT in the packages' sources that stands where an error is made. */
function codesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return codesOf(path);
    if (!entry.name.endsWith('.ts')) return [];
    return [...readFileSync(path, 'utf8').matchAll(/'((?:[A-Z]+_)+[A-Z]+)'/g)].map(([, code]) => code ?? '').filter((code) => AREAS.test(code));
  });
}

/** The areas that codes begin with; other capitals in the sources are SQL, signals and the like. */
const AREAS = /^(MODEL|FIELD|REGISTRY|CACHE|CONTEXT|TX|RUN|PATH|FILTER|GROUP|ORDER|QUERY|STORAGE|DB|CLI|LRU|STACK|STRUCTURE|TIER|DURATION|ORMCACHE|REMOTE)_/;
const codes = [...new Set(readdirSync(join(root, 'packages')).flatMap((name) => codesOf(join(root, 'packages', name, 'src'))))].sort();

test('every error code has its heading in docs/errors.md', () => {
  expect(codes.length).toBeGreaterThan(40);
  expect(codes.filter((code) => !headings.includes(code))).toEqual([]);
});

test('every heading is that of a code that exists, and stands there once', () => {
  expect(headings.filter((code) => !codes.includes(code))).toEqual([]);
  expect(headings).toHaveLength(new Set(headings).size);
});
