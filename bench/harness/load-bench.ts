import { createRequire } from 'node:module';
import type { Bench } from './bench';

const load = createRequire(__filename);

/** The bench a file exports as its default. */
export function loadBench(file: string): Bench {
  // Whatever the file exports is looked at before it is believed.
  const { default: exported } = load(file) as { default?: Partial<Bench> };
  if (typeof exported?.title !== 'string' || !Array.isArray(exported.cases)) throw new Error(`${file} must say \`export default bench({ … })\`.`);
  return exported as Bench;
}
