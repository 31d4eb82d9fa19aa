import { parseSnapshot, type EntryStamp, type StoredId } from '@ormolu/kernel';
import { LocalRecords, type Fill } from '../../src/local/local-records';
import type { RecordImage } from '../../src/local/record-image';
import { collected } from '@ormolu/test-support';

const stamp = (snapshot: string): EntryStamp => ({ snapshot: parseSnapshot(snapshot)!, epoch: 'e' });
const AT_10 = stamp('10:10:');
const AT_20 = stamp('20:20:');

const fill = (rows: readonly (readonly [StoredId, readonly unknown[] | undefined])[], at = AT_10, how: ReturnType<Fill['takesOver']> = 'replace'): Fill => ({ stamp: at, rows, takesOver: () => how });
const held = (image: RecordImage | undefined): unknown => image && (image.values ? Object.fromEntries(image.shape.fields.map((field, at) => [field, image.values?.[at]])) : 'no such record');

test('ids of every kind are told apart, and so are models', () => {
  const records = new LocalRecords({ maxEntries: 100 });
  const ids: readonly StoredId[] = [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, 1.5, 1n, 2n ** 62n, '1', '1n', '', 'n1'];
  for (const model of ['a', 'b', 'a\0']) records.put(model, ['x'], fill(ids.map((id, at) => [id, [`${model}${at}`]])));
  for (const model of ['a', 'b', 'a\0']) for (const [at, id] of ids.entries()) expect(records.peek(model, id)?.values).toEqual([`${model}${at}`]);
  expect([records.stats().records, records.peek('c', 1)]).toEqual([3 * ids.length, undefined]);
});

test('what is read later joins the image, takes its place, or leaves it, as who judges says', () => {
  const records = new LocalRecords({ maxEntries: 100 });
  records.put('city', ['name', 'size'], fill([[1, ['Ghent', 1]], [2, ['Bruges', 2]], [3, ['Mons', 3]], [4, undefined]]));
  records.put('city', ['zip', 'size'], { stamp: AT_20, rows: [[1, ['9000', 9]], [2, ['8000', 8]], [3, ['7000', 7]], [4, ['1', 1]]], takesOver: ({ values }, id) => (values ? (['join', 'replace', 'keep'] as const)[Number(id) - 1]! : 'join') });
  expect(held(records.peek('city', 1))).toEqual({ name: 'Ghent', size: 9, zip: '9000' });
  expect(held(records.peek('city', 2))).toEqual({ size: 8, zip: '8000' });
  expect(held(records.peek('city', 3))).toEqual({ name: 'Mons', size: 3 });
  expect(held(records.peek('city', 4))).toEqual({ zip: '1', size: 1 });
  expect([1, 2, 3].map((id) => records.peek('city', id)?.stamp)).toEqual([AT_20, AT_20, AT_10]);
});

test('images that hold the same columns share the word of it', () => {
  const records = new LocalRecords({ maxEntries: 100 });
  records.put('city', ['name', 'size'], fill([[1, ['Ghent', 1]]]));
  records.put('city', ['name', 'size'], fill([[2, ['Bruges', 2]]], AT_20));
  expect(records.peek('city', 1)?.shape).toBe(records.peek('city', 2)?.shape);
});

test('all, a model or some records of it are forgotten; what somebody holds is forgotten, too', () => {
  const records = new LocalRecords({ maxEntries: 2 });
  const one = (): void => ['a', 'b'].forEach((model) => records.put(model, ['x'], fill([[1, ['v']], [2, ['w']]])));
  const known = (): unknown => ['a1', 'a2', 'b1', 'b2'].filter((key) => records.peek(key[0] ?? '', Number(key[1])));
  one();
  expect(known()).toEqual(['b1', 'b2']);
  const lent = records.lend('b', 1);
  one();
  records.invalidate('b', [1, 7]);
  expect(known()).toEqual(['b2']);
  records.invalidate('b');
  expect(known()).toEqual([]);
  one();
  records.invalidate();
  expect([known(), lent?.value?.values]).toEqual([[], ['v']]);
});

test('within a bound of bytes, the process stays within it under a scan of ten times as much', async () => {
  const maxBytes = 4_000_000;
  const records = new LocalRecords({ maxBytes });
  const row = (id: number): readonly unknown[] => [`record number ${String(id)}`, id, id / 3, new Date(id), null, true];
  const fields = ['name', 'size', 'share', 'since', 'country', 'active'];
  let written = 0;
  for (let id = 0; written < 10 * maxBytes; id += 100) {
    records.put('city', fields, fill(Array.from({ length: 100 }, (_, at) => [id + at, row(id + at)])));
    written += 100 * 450;
  }
  const { bytes, records: kept, evictions } = records.stats();
  const full = await collected();
  records.invalidate();
  const taken = full - (await collected());
  expect(bytes).toBeLessThanOrEqual(maxBytes);
  expect(evictions).toBeGreaterThan(5 * kept);
  // The estimate errs on the safe side, but not by half.
  expect(taken).toBeLessThan(maxBytes);
  expect(taken).toBeGreaterThan(maxBytes / 2);
});

test('unless another policy is asked for, what is used again stays through a scan of what is not', () => {
  const kept = (policy?: 'lru'): number => {
    const records = new LocalRecords({ maxEntries: 100, policy });
    const used = Array.from({ length: 50 }, (_, id) => id);
    for (const id of used) records.put('city', ['name'], fill([[id, ['used']]]));
    for (const id of [...used, ...used]) records.get('city', id);
    for (let id = 1_000; id < 2_000; id += 1) records.put('city', ['name'], fill([[id, ['scanned']]]));
    return used.filter((id) => records.peek('city', id)).length;
  };
  expect([kept(), kept('lru')]).toEqual([50, 0]);
});

test('a record in use stays however many others are read, and leaves when nobody uses it', async () => {
  const records = new LocalRecords({ maxEntries: 50 });
  records.put('city', ['name'], fill([[-1, ['Ghent']]]));
  let inUse = records.lend('city', -1);
  for (let id = 0; id < 1_000; id += 1) records.put('city', ['name'], fill([[id, ['x']]]));
  await collected();
  expect([records.stats().heldOutside, records.lend('city', -1) === inUse]).toEqual([1, true]);
  for (let id = 0; id < 1_000; id += 1) records.put('city', ['name'], fill([[id, ['x']]]));
  inUse = undefined;
  await collected();
  expect([records.stats().heldOutside, records.peek('city', -1)]).toEqual([0, undefined]);
});

test('what takes the place of a record in use stays as well, also when the record was forgotten between', async () => {
  const records = new LocalRecords({ maxEntries: 50, policy: 'lru' });
  const scan = async (): Promise<unknown> => {
    for (let id = 0; id < 1_000; id += 1) records.put('city', ['name'], fill([[id, ['x']]]));
    await collected();
    return [held(records.peek('city', -1)), records.stats().heldOutside];
  };
  records.put('city', ['name'], fill([[-1, ['Ghent']]]));
  let inUse = records.lend('city', -1);
  records.put('city', ['name'], fill([[-1, ['Gent']]]));
  expect(await scan()).toEqual([{ name: 'Gent' }, 1]);
  records.put('city', ['name'], fill([[-1, ['Gand']]]));
  expect(await scan()).toEqual([{ name: 'Gand' }, 1]);
  records.invalidate('city', [-1]);
  expect(await scan()).toEqual([undefined, 0]);
  records.put('city', ['name'], fill([[-1, ['Ghent']]]));
  expect([await scan(), inUse && held(inUse.value)]).toEqual([[{ name: 'Ghent' }, 1], { name: 'Ghent' }]);
  inUse = undefined;
  expect(await scan()).toEqual([undefined, 0]);
});
