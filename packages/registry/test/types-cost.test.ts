import { compile, writeSource } from './support/compile';
import { programOf, type Style } from './support/large-programs';

/**
 * What the compiler does for a program of many models, counted: a change of types that makes it do more is seen here, not by users.
 *
 * A count above its limit is a question: is what was gained worth it? Below it by a tenth, the limit is lowered.
 */
test.each<readonly [Style, number, limit: number]>([
  ['statements', 20, 114_000],
  ['chain', 20, 114_000],
  // Twice the models are little more than twice the work: what a step costs hardly depends on how many came before.
  ['statements', 40, 230_000],
  ['extends', 40, 50_000],
])('%s: %d models or extensions compile, declarations included, within %d instantiations', (style, count, limit) => {
  const { errors, instantiations, declarations } = compile(writeSource(`${style}-${String(count)}.ts`, programOf(style, count)));
  expect(errors).toEqual([]);
  expect(instantiations).toBeLessThan(limit);
  expect(instantiations).toBeGreaterThan(0.6 * limit);
  // About what the definitions themselves are: a type that repeats all models in each of them would be a hundred times that.
  expect(declarations.length).toBeLessThan(4_000 * count);
}, 240_000);
