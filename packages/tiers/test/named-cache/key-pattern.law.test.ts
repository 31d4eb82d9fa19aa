import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { keyPattern } from '../../src/named-cache/key-pattern';

test('law: for every pattern and key, they fit exactly when the regular expression of the pattern does', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 }), fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 }), (pattern, key) => {
      const plain = new RegExp(`^${pattern.split('*').map((part) => part.replaceAll('.', '\\.')).join('.*')}$`, 's');
      expect(keyPattern(pattern)(key)).toBe(plain.test(key));
    }),
    { numRuns: lawRuns(3_000) },
  );
});
