import type { BackendEntry } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { GuardedBackend } from '../../src/shared/guarded-backend';
import { UnsureKeys, type Mending } from '../../src/shared/unsure-keys';

const AT_ONCE: Mending = { within: (call) => call, forget: () => Promise.resolve() };

/** Tells what is taken out, and goes on when it is let go on. */
class SlowBackend extends MemoryBackend {
  readonly deleted: (readonly string[])[] = [];
  meanwhile: () => void = () => undefined;

  override async deleteMany(keys: readonly string[]): Promise<number> {
    this.deleted.push(keys);
    const count = await super.deleteMany(keys);
    this.meanwhile();
    return count;
  }
}

test('a key whose write fails while it is taken out is taken out once more: that write may arrive behind', async () => {
  const [unsure, backend] = [new UnsureKeys(10), new SlowBackend()];
  unsure.failed(['a', 'b'], false);
  backend.meanwhile = () => unsure.failed(['a'], true);
  await unsure.mend(backend, AT_ONCE);
  expect([unsure.has('a'), unsure.has('b')]).toEqual([true, false]);
  backend.meanwhile = () => undefined;
  await unsure.mend(backend, AT_ONCE);
  expect([unsure.areAny, backend.deleted]).toEqual([false, [['a', 'b'], ['a']]]);
});

test('a connection that is lost with a late write on it puts all in doubt; so does one that was late while others were mended', async () => {
  const [unsure, backend] = [new UnsureKeys(10), new SlowBackend()];
  unsure.failed(['a'], false);
  unsure.connectionLost();
  expect(unsure.mustForget).toBe(false);
  unsure.failed(['a'], true);
  await unsure.mend(backend, AT_ONCE);
  unsure.connectionLost();
  expect(unsure.mustForget).toBe(false);
  unsure.failed(['a'], true);
  backend.meanwhile = () => unsure.failed(['b'], true);
  await unsure.mend(backend, AT_ONCE);
  unsure.connectionLost();
  expect(unsure.mustForget).toBe(true);
});

test('more than are remembered: all that is there is given up, once', async () => {
  const [unsure, backend] = [new UnsureKeys(2), new SlowBackend()];
  unsure.failed(['a', 'b'], false);
  expect(unsure.mustForget).toBe(false);
  unsure.failed(['c'], false);
  expect([unsure.mustForget, unsure.size]).toEqual([true, 0]);
  let forgotten = 0;
  const mending: Mending = {
    ...AT_ONCE,
    forget: () => {
      forgotten += 1;
      return Promise.resolve();
    },
  };
  await unsure.mend(backend, mending);
  await unsure.mend(backend, mending);
  expect([unsure.areAny, forgotten, backend.deleted]).toEqual([false, 1, []]);
});

test('what fails while all is given up is taken out for itself: others may have written it since', async () => {
  const [unsure, backend] = [new UnsureKeys(1), new SlowBackend()];
  unsure.failed(['a', 'b'], false);
  const forget = (): Promise<void> => {
    unsure.failed(['c'], false);
    return Promise.resolve();
  };
  await unsure.mend(backend, { ...AT_ONCE, forget });
  expect([unsure.areAny, backend.deleted]).toEqual([false, [['c']]]);
});

test('more than are remembered fail while all is given up: it is given up once more', async () => {
  const [unsure, backend] = [new UnsureKeys(1), new SlowBackend()];
  unsure.failed(['a', 'b'], false);
  let times = 0;
  const forget = (): Promise<void> => {
    times += 1;
    if (times === 1) unsure.failed(['c', 'd'], false);
    return Promise.resolve();
  };
  await unsure.mend(backend, { ...AT_ONCE, forget });
  expect(unsure.mustForget).toBe(true);
  await unsure.mend(backend, { ...AT_ONCE, forget });
  expect([unsure.areAny, times]).toEqual([false, 2]);
});

test('a key that is written while others are taken out is left as it was written', async () => {
  const [unsure, backend] = [new UnsureKeys(2_000), new SlowBackend()];
  const keys = Array.from({ length: 600 }, (_, at) => String(at));
  unsure.failed(keys, false);
  backend.meanwhile = () => unsure.overwritten(['599']);
  await unsure.mend(backend, AT_ONCE);
  expect([unsure.areAny, backend.deleted.flat()]).toEqual([false, keys.slice(0, 599)]);
});

/** Takes nothing in while it is told so. */
class RefusingBackend extends MemoryBackend {
  refuses = false;

  override setMany(entries: readonly BackendEntry[]): Promise<void> {
    return this.refuses ? Promise.reject(new Error('no')) : super.setMany(entries);
  }
}

test('what is under a key whose write failed is not read, nor taken for what was found there, until it is written again or taken out', async () => {
  const backend = new RefusingBackend();
  const guard = new GuardedBackend(backend, { deadlineMs: 5_000, breakAfter: 10, maxUnsure: 10 }, { changed: () => undefined, forget: () => Promise.resolve() });
  const entry = (key: string, text: string): BackendEntry => ({ key, value: Buffer.from(text), ttlMs: 60_000 });
  const read = async (): Promise<readonly (string | undefined)[]> => (await guard.getMany(['a', 'b', 'c'])).map((value) => (value ? Buffer.from(value).toString() : undefined));
  await guard.setMany([entry('a', 'old'), entry('b', 'old'), entry('c', 'old')]);
  backend.refuses = true;
  await expect(guard.setMany([entry('a', 'new'), entry('b', 'new')])).rejects.toThrow('no');
  backend.refuses = false;
  expect([await read(), guard.unsure, guard.isUp]).toEqual([[undefined, undefined, 'old'], 2, true]);
  await expect(guard.replace(entry('a', 'newer'), Buffer.from('old'))).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  await expect(guard.add(entry('b', 'newer'))).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  await guard.setMany([entry('a', 'newest')]);
  expect([await read(), guard.unsure]).toEqual([['newest', undefined, 'old'], 1]);
  while (guard.unsure > 0) await new Promise(setImmediate);
  expect(await backend.getMany(['b'])).toEqual([undefined]);
  expect(await guard.add(entry('b', 'newest'))).toBe(true);
  await guard.close();
});
