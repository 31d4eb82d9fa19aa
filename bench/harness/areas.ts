import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** The bench files of an area, at any depth, in the order of their names. */
export function benchFiles(area: string, root: string = ROOT): string[] {
  const folder = join(root, area);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bench.ts'))
    .toSorted()
    .map((name) => join(folder, name));
}

/** The harness's tests have benches of their own, which answer no question. */
const NO_AREAS = ['harness', 'results', 'node_modules'];

/** Every area that has a bench: a folder each. */
export function areas(root: string = ROOT): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_AREAS.includes(entry.name) && benchFiles(entry.name, root).length > 0)
    .map((entry) => entry.name);
}
