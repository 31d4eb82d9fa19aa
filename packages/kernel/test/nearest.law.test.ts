import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { nearestName } from '../src/nearest';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'), minLength: 4, maxLength: 12 });

test('law: for every word with one slip, the word itself is found', () => {
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('drop', 'double', 'replace', 'swap'), (name, at, slip) => {
      expect(nearestName(misspell(name, at % (name.length - 1), slip), ['zzzzzzzzzzzz', name])).toBe(name);
    }),
    { numRuns: lawRuns(300) },
  );
});

test('law: for words with no letter in common, nothing is near', () => {
  fc.assert(fc.property(word, (name) => expect(nearestName(name, ['xxxx', 'yyyyyyyy', 'zzzzzzzzzzzz'])).toBeUndefined()), { numRuns: lawRuns() });
});

test('capitals are no slip', () => {
  expect(nearestName('displayname', ['displayName', 'displayed'])).toBe('displayName');
});

function misspell(name: string, at: number, slip: string): string {
  const [head, here, next, tail] = [name.slice(0, at), name.charAt(at), name.charAt(at + 1), name.slice(at + 2)];
  if (slip === 'drop') return head + next + tail;
  if (slip === 'double') return head + here + here + next + tail;
  return slip === 'replace' ? `${head}q${next}${tail}` : head + next + here + tail;
}
