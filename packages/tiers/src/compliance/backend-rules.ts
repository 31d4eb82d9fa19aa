import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../backend/backend';
import { bytesOf, entryOf, textsOf, type BackendFixture, type ComplianceRunner } from './fixture';

/** What is put in comes out, and nothing else. */
export function valueRules({ describe, test }: ComplianceRunner, fixture: BackendFixture): void {
  const { backend, key } = fixture;

  describe('values', () => {
    test('what was put in comes out, in the order of the keys, and what was not is undefined', async () => {
      const [a, b, c] = [key(), key(), key()];
      await backend().setMany([entryOf(a, 'one'), entryOf(b, 'two')]);
      deepStrictEqual(await textsOf(backend(), [b, c, a, b]), ['two', undefined, 'one', 'two']);
    });

    test('bytes are bytes: none at all, every one of them, and those of line ends and answers', async () => {
      const values = [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, at) => at), bytesOf('\r\n'), bytesOf('VA 3\r\nabc\r\nEN\r\n$-1\r\n'), new Uint8Array(70_000).fill(13)];
      const keys = values.map(() => key());
      await backend().setMany(values.map((value, place) => ({ key: keys[place] ?? '', value, ttlMs: 60_000 })));
      const found = await backend().getMany(keys);
      deepStrictEqual(found.map((value) => value && Buffer.from(value).toString('hex')), values.map((value) => Buffer.from(value).toString('hex')));
    });

    test('a buffer may be used again once it was stored, and a view is only what it shows', async () => {
      const a = key();
      const whole = bytesOf('xxvaluexx');
      await backend().setMany([{ key: a, value: whole.subarray(2, 7), ttlMs: 60_000 }]);
      whole.fill(0);
      deepStrictEqual(await textsOf(backend(), [a]), ['value']);
    });

    test('many at once are many, and none is none', async () => {
      const keys = Array.from({ length: 500 }, () => key());
      await backend().setMany(keys.map((one) => entryOf(one, one)));
      deepStrictEqual(await textsOf(backend(), keys), keys);
      await backend().setMany([]);
      strictEqual(await backend().deleteMany([]), 0);
    });

    test('a key as long as the limit allows is as good as any', async () => {
      const { keyBytes } = backend().limits;
      const long = key() + 'k'.repeat(Math.min(keyBytes, 1_000) - Buffer.byteLength(key()));
      const other = `${long.slice(0, -1)}j`;
      await backend().setMany([entryOf(long, 'long'), entryOf(other, 'other')]);
      deepStrictEqual(await textsOf(backend(), [long, other]), ['long', 'other']);
    });

    test('where any character may be in a key, every one may', async () => {
      if (!backend().limits.anyCharacter) return;
      const odd = [' ', '\n', '\0', 'é', '😀', '{a}', '*', '?', '[a]', '\\'].map((part) => `${key()}${part}`);
      await backend().setMany(odd.map((one) => entryOf(one, one)));
      deepStrictEqual(await textsOf(backend(), odd), odd);
    });

    test('what is put in replaces what was there', async () => {
      const a = key();
      await backend().setMany([entryOf(a, 'first')]);
      await backend().setMany([entryOf(a, 'second')]);
      deepStrictEqual(await textsOf(backend(), [a]), ['second']);
    });

    test('what was taken out is gone, and only that; it says how many there were', async () => {
      const [a, b, c] = [key(), key(), key()];
      await backend().setMany([entryOf(a, 'a'), entryOf(b, 'b')]);
      strictEqual(await backend().deleteMany([a, c]), 1);
      deepStrictEqual(await textsOf(backend(), [a, b]), [undefined, 'b']);
    });
  });
}

/** Of many who write at once, exactly one is told that it did. */
export function conditionalRules({ describe, test }: ComplianceRunner, fixture: BackendFixture): void {
  const { backend, another, key } = fixture;

  describe('conditional writes', () => {
    test('of many who add a key, exactly one does, whichever connection they use', async () => {
      const a = key();
      const calls = Array.from({ length: 40 }, (_, turn) => (turn % 2 === 0 ? backend() : another()).add(entryOf(a, String(turn))));
      const told = await Promise.all(calls);
      strictEqual(told.filter(Boolean).length, 1);
      deepStrictEqual(await textsOf(backend(), [a]), [String(told.indexOf(true))]);
    });

    test('a key that was taken out can be added again', async () => {
      const a = key();
      ok(await backend().add(entryOf(a, 'a')));
      await backend().deleteMany([a]);
      ok(await another().add(entryOf(a, 'b')));
    });

    test('what is there is replaced when it is what was expected, and not otherwise', async () => {
      const a = key();
      strictEqual(await backend().replace(entryOf(a, 'new'), bytesOf('old')), false);
      await backend().setMany([entryOf(a, 'old')]);
      strictEqual(await backend().replace(entryOf(a, 'new'), bytesOf('older')), false);
      strictEqual(await backend().replace(entryOf(a, 'new'), bytesOf('old')), true);
      strictEqual(await backend().replace(entryOf(a, 'newer'), bytesOf('old')), false);
      deepStrictEqual(await textsOf(backend(), [a]), ['new']);
    });

    test('of many who replace the same value, exactly one does', async () => {
      const a = key();
      await backend().setMany([entryOf(a, 'old')]);
      const told = await Promise.all(Array.from({ length: 40 }, (_, turn) => (turn % 2 === 0 ? backend() : another()).replace(entryOf(a, `new ${String(turn)}`), bytesOf('old'))));
      strictEqual(told.filter(Boolean).length, 1);
      deepStrictEqual(await textsOf(backend(), [a]), [`new ${String(told.indexOf(true))}`]);
    });
  });
}

/** What has expired is gone, and not before. */
export function lifetimeRules({ describe, test }: ComplianceRunner, fixture: BackendFixture): void {
  const { backend, key } = fixture;
  const isGone = async (of: Backend, one: string, withinMs: number): Promise<boolean> => {
    for (const end = performance.now() + withinMs; performance.now() < end;) {
      if ((await of.getMany([one]))[0] === undefined) return true;
      await sleep(25);
    }
    return false;
  };

  describe('lifetimes', () => {
    test('a value is there until its ttl has passed, and gone a grain later; one of 0 stays; a touch begins it anew', async () => {
      const [brief, ever, touched, emptied] = [key(), key(), key(), key()];
      const began = performance.now();
      await backend().setMany([entryOf(brief, 'brief', 300), entryOf(ever, 'ever', 0), entryOf(touched, 'touched', 300), entryOf(emptied, 'a', 60_000)]);
      strictEqual(await backend().touch(touched, 60_000), true);
      strictEqual(await backend().touch(key(), 60_000), false);
      strictEqual(await backend().touch(emptied, 0), true);
      const found = await textsOf(backend(), [brief]);
      if (performance.now() - began < 300) deepStrictEqual(found, ['brief']);
      ok(await isGone(backend(), brief, 1_500 + backend().limits.ttlGrainMs), 'it has not expired');
      deepStrictEqual(await textsOf(backend(), [ever, touched, emptied]), ['ever', 'touched', 'a']);
      await backend().deleteMany([ever, touched, emptied]);
    });

    test('what has expired is as if it had never been: it is added, and neither replaced nor touched', async () => {
      const keys = [key(), key(), key()] as const;
      await backend().setMany(keys.map((one) => entryOf(one, 'old', 200)));
      for (const one of keys) ok(await isGone(backend(), one, 1_500 + backend().limits.ttlGrainMs), 'it has not expired');
      const [added, replaced, touched] = keys;
      deepStrictEqual([await backend().add(entryOf(added, 'new')), await backend().replace(entryOf(replaced, 'new'), bytesOf('old')), await backend().touch(touched, 60_000)], [true, false, false]);
      deepStrictEqual(await textsOf(backend(), keys), ['new', undefined, undefined]);
    });

    test('a value that takes the place of another has its own ttl, and a touch of 0 takes it off', async () => {
      const [longer, briefer, lasting] = [key(), key(), key()];
      const before = 300;
      await backend().setMany([entryOf(longer, 'old', before), entryOf(briefer, 'old'), entryOf(lasting, 'lasting', before)]);
      await backend().setMany([entryOf(longer, 'new'), entryOf(briefer, 'new', before)]);
      const wasThere = await backend().touch(lasting, 0);
      ok(await isGone(backend(), briefer, 1_500 + backend().limits.ttlGrainMs), 'it has the ttl of before');
      // Where time stood still for long before the touch, there was nothing left to touch.
      deepStrictEqual(await textsOf(backend(), [longer, lasting]), ['new', wasThere ? 'lasting' : undefined]);
      await backend().deleteMany([longer, lasting]);
    });

    test('an added and a replaced value have the ttl they were given', async () => {
      const [a, b] = [key(), key()];
      await backend().setMany([entryOf(b, 'old')]);
      await backend().add(entryOf(a, 'a', 200));
      await backend().replace(entryOf(b, 'b', 200), bytesOf('old'));
      ok(await isGone(backend(), a, 1_500 + backend().limits.ttlGrainMs), 'the added one has not expired');
      ok(await isGone(backend(), b, 1_500), 'the replaced one has not expired');
    });

    test('a ttl of months is one', async () => {
      const a = key();
      await backend().setMany([entryOf(a, 'a', 90 * 86_400_000)]);
      deepStrictEqual(await textsOf(backend(), [a]), ['a']);
    });
  });
}

/** The server as a whole. */
export function serverRules({ describe, test }: ComplianceRunner, fixture: BackendFixture): void {
  const { backend, another, created, key } = fixture;

  describe('the server', () => {
    test('what one connection put in, another finds', async () => {
      const a = key();
      await backend().setMany([entryOf(a, 'a')]);
      deepStrictEqual(await textsOf(another(), [a]), ['a']);
    });

    test('a pattern takes out what fits it and nothing else, where patterns are known', async () => {
      const of = backend();
      if (!of.deleteByPattern) return;
      const prefix = key();
      const names = ['a:1', 'a:12', 'b:1', 'a1', 'a:[1]', 'a:?'];
      const keys = names.map((name) => `${prefix}${name}`);
      await of.setMany(keys.map((one) => entryOf(one, one)));
      strictEqual(await of.deleteByPattern(`${prefix}a:?`), 1);
      strictEqual(await of.deleteByPattern(`${prefix}a:[*]`), 1);
      strictEqual(await of.deleteByPattern(`${prefix}a:*`), 2);
      deepStrictEqual(await textsOf(of, keys), [undefined, undefined, keys[2], keys[3], undefined, undefined]);
      strictEqual(await of.deleteByPattern(`${prefix}*`), 2);
    });

    test('where it is several servers, a key lies on the one it says, and on no other', async () => {
      const { nodes } = backend();
      if (!nodes || nodes.length < 2) return;
      const keys = Array.from({ length: 50 }, () => key());
      await backend().setMany(keys.map((one) => entryOf(one, one)));
      for (const one of keys) {
        const there: readonly (string | undefined)[] = await Promise.all(nodes.map(async (node) => (await textsOf(node, [one]))[0]));
        deepStrictEqual(there, nodes.map((_, place) => (place === backend().nodeOf?.(one) ? one : undefined)));
      }
    });

    test('it answers a check, and the same as long as it is the same', async () => {
      strictEqual(await backend().check(), await another().check());
    });

    test('a listener that has ended is told nothing more', async () => {
      const told: string[] = [];
      const of = await created();
      of.onState((state) => {
        told.push(state);
      })();
      const before = told.length;
      await of.close();
      strictEqual(told.length, before);
    });

    test('what is asked after its end fails, and does not wait', async () => {
      const closed = await created();
      await closed.close();
      if (closed.name === 'memory') return;
      const outcome = await Promise.race([closed.getMany([key()]).then(() => 'answered', () => 'failed'), sleep(2_000, 'waits', { ref: false })]);
      strictEqual(outcome, 'failed');
    });
  });
}
