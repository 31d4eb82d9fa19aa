import { readdirSync } from 'node:fs';
import path from 'node:path';
import { root, typescriptFile } from './root.mjs';

/**
 * Node's arguments for running an example: `example 7`, `example 07-cache-aside`.
 *
 * Where no example is called so, it says which there are, and ends the process.
 */
export function exampleNamed(name = '') {
  const all = readdirSync(path.join(root, 'examples')).filter((file) => /^\d\d-.*\.ts$/.test(file)).sort();
  const file = all.find((one) => one === name || one === `${name}.ts` || (/^\d+$/.test(name) && Number(one.slice(0, 2)) === Number(name)));
  if (file) return typescriptFile(`examples/${file}`);
  console.error(`There is no example '${name}'. Give the number of one:\n${all.map((one) => `  ${path.basename(one, '.ts')}`).join('\n')}`);
  process.exit(2);
}
