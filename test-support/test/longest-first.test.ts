import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// A part of jest's configuration, which is not compiled.
const { LONGEST } = createRequire(__filename)('../jest/longest-first.cjs') as { readonly LONGEST: readonly string[] };

test('the files that begin first are there', () => {
  expect(LONGEST.filter((name) => !existsSync(join(__dirname, '..', '..', name)))).toEqual([]);
});
