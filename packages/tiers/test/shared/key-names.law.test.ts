import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { channelOf, KeyNames } from '../../src/shared/key-names';
import { keyPattern } from '../../src/named-cache/key-pattern';

const limits = { keyBytes: 250, anyCharacter: true, valueBytes: 1_000, ttlGrainMs: 0 };
const SERVERS = { 'of any characters': limits, 'of printable ASCII': { ...limits, anyCharacter: false } } as const;
/** Texts with halves of surrogate pairs, with what these become in UTF-8, and with what either is written as. */
const unit = fc.constantFrom('a', '\ud800', '\ud801', '\udc00', '\ufffd', 'fffd', 'd800', '0', 'd');
const key = fc.array(unit, { maxLength: 5 }).map((all) => all.join(''));

test.each(Object.entries(SERVERS))('law: two keys are two names in UTF-8, on a server %s', (_, of) => {
  const names = new KeyNames({ prefix: 'p', name: 'n', limits: of });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const inUtf8 = [one, other].map((each) => Buffer.from(names.of(each), 'utf8').toString('hex'));
      expect(inUtf8[0] === inUtf8[1]).toBe(one === other);
    }),
    { numRuns: lawRuns(1_000) },
  );
});

test('law: a pattern that a key fits is fitted by its name', () => {
  const names = new KeyNames({ prefix: 'p', name: 'n', limits });
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, fc.boolean()), { maxLength: 6 }), (parts) => {
      // Some units of the key, and stars for the others.
      const pattern = parts.map(([one, isStar]) => (isStar ? '*' : one)).join('');
      const one = parts.map(([each]) => each).join('');
      // Two halves side by side are a whole character; a star between them made two of it.
      fc.pre(!/\ud800\udc00|\ud801\udc00/.test(one));
      expect(keyPattern(names.ofPattern(pattern) ?? '')(names.of(one))).toBe(true);
    }),
    { numRuns: lawRuns(1_000) },
  );
});

test('law: caches of other prefixes or names are other caches, wherever a colon stands in these', () => {
  const units = fc.array(fc.constantFrom('a', 'b', '-'), { minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(units, fc.nat(), fc.nat(), (all, one, other) => {
      // The same text, cut in two at one of its colons.
      const cut = (at: number): readonly [string, string] => {
        const place = 1 + (at % (all.length - 1));
        return [all.slice(0, place).join(':'), all.slice(place).join(':')];
      };
      const [[prefix, name], [otherPrefix, otherName]] = [cut(one), cut(other)];
      const isSame = prefix === otherPrefix;
      expect(new KeyNames({ prefix, name, limits }).mark === new KeyNames({ prefix: otherPrefix, name: otherName, limits }).mark).toBe(isSame);
      expect(channelOf(prefix, name) === channelOf(otherPrefix, otherName)).toBe(isSame);
    }),
    { numRuns: lawRuns(200) },
  );
});

test('a pattern of one cache fits no key of another whose name begins alike', () => {
  const [one, other] = [new KeyNames({ prefix: 'p', name: 'a', limits }), new KeyNames({ prefix: 'p', name: 'a:k', limits })];
  expect(keyPattern(one.ofPattern('*') ?? '')(other.of('key'))).toBe(false);
});
