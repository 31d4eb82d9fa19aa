import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { TickBatch } from '../../src/shared/tick-batch';

const question = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { minLength: 1, maxLength: 4 });

test('law: whoever asks gets what is there under the keys of everybody and his own, and a tick is one question that names no key of others twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(question, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), async (ticks) => {
      const asked: (readonly string[])[] = [];
      const bytesOf = (key: string): Uint8Array | undefined => (key < 'c' ? undefined : Buffer.from(key));
      const batch = new TickBatch((keys) => {
        asked.push(keys);
        return Promise.resolve(keys.map(bytesOf));
      }, ['always']);
      for (const questions of ticks) {
        const answers = await Promise.all(questions.map((keys) => batch.get(keys)));
        expect(answers).toEqual(questions.map((keys) => ['always', ...keys].map(bytesOf)));
      }
      expect(asked.length).toBe(ticks.length);
      for (const [tick, questions] of ticks.entries()) expect(new Set(asked[tick])).toEqual(new Set(['always', ...questions.flat()]));
      for (const [tick, [first = []]] of ticks.entries()) expect(asked[tick]?.length).toBe(1 + first.length + new Set((ticks[tick] ?? []).flat().filter((key) => !first.includes(key))).size);
    }),
    { numRuns: lawRuns(200) },
  );
});

test('a question that fails fails for all who asked, and for none after them', async () => {
  let fails = true;
  const batch = new TickBatch((keys) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(keys.map(() => undefined))), []);
  expect(await Promise.allSettled([batch.get(['a']), batch.get(['b'])])).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  fails = false;
  expect(await batch.get(['a'])).toEqual([undefined]);
});
