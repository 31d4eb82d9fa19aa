import { char, defineModels, integer } from '@ormolu/registry';
import { ComputeError, type Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const calls: string[] = [];
const models = defineModels({
  thing: {
    value: integer(),
    inverse: integer({ store: true }),
    chained: integer({ store: true }),
    double: integer({ store: true }),
    half: integer({ store: true }),
    word: char(),
    grade: integer({ store: true, readonly: false }),
  },
})
  .compute('thing', 'inverse', ['value'], (thing) => {
    calls.push('inverse');
    if (thing.value === 0) throw new Error('no inverse of nothing');
    return Math.trunc(100 / (thing.value ?? 1));
  })
  .compute('thing', 'chained', ['inverse'], (thing) => {
    calls.push('chained');
    return (thing.inverse ?? 0) + 1;
  })
  .computeBatch('thing', ['double', 'half'], ['value'], (things) => {
    calls.push(`double ${String(things.length)}`);
    for (const thing of things) {
      thing.double = (thing.value ?? 0) * 2;
      if (thing.value !== 13) thing.half = Math.trunc((thing.value ?? 0) / 2);
    }
  })
  .compute('thing', 'grade', ['value'], (thing) => (thing.value ?? 0) % 10)
  .compute('thing', 'word', ['value'], (thing) => `v${String(thing.value)}`);

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    ({ tx } = await open());
    calls.length = 0;
  });

  test('a compute that raises holds nothing back: the rest is written, then one error names field and records', async () => {
    await tx.env.model('thing').create([{ value: 0 }, { value: 4 }]);
    const error: unknown = await tx.flush().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ComputeError);
    expect((error as ComputeError).failures.map(({ field, ids }) => [field, ids])).toEqual(expect.arrayContaining([['inverse', [1]], ['chained', [1]]]));
    expect((await tx.readStored('thing', [2], ['inverse', 'chained', 'double'])).columns).toEqual([[25], [26], [8]]);
    expect([...tx.tocompute].map(([field, ids]) => [field.name, [...ids]])).toEqual(expect.arrayContaining([['inverse', [1]], ['chained', [1]]]));
    await expect(tx.commit()).rejects.toBeInstanceOf(ComputeError);

    one(tx, 'thing', 1).set('value', 5);
    await tx.commit();
  });

  test('of a batch that fails, only the records that fail are held back', async () => {
    await tx.env.model('thing').create([{ value: 13 }, { value: 4 }]);
    await expect(tx.flush()).rejects.toMatchObject({ failures: [{ ids: [1] }, { ids: [1] }] });
    expect((await tx.readStored('thing', [2], ['double', 'half'])).columns).toEqual([[8], [2]]);
    expect([...tx.tocompute].map(([field, ids]) => [field.name, [...ids]])).toEqual(expect.arrayContaining([['double', [1]], ['half', [1]]]));
  });

  test('whoever reads one pending value has all of that field computed together, in one batch', async () => {
    const things = await tx.env.model('thing').create([{ value: 4 }, { value: 6 }, { value: 8 }]);
    await tx.flush();
    await things.write({ value: 2 });
    calls.length = 0;
    expect(await tx.run(() => one(tx, 'thing', 2).get('double'))).toBe(4);
    expect(calls).toEqual(['double 3']);
    expect([...tx.tocompute].map(([field]) => field.name)).not.toContain('double');
  });

  test('reading a field whose compute raises throws that error, and other records of the group are not concerned', async () => {
    const things = await tx.env.model('thing').create([{ value: 0 }, { value: 4 }]);
    expect(things.at(1)?.get('inverse')).toBe(25);
    expect(() => things.at(0)?.get('inverse')).toThrow(/no inverse of nothing/);
  });

  test('a compute that does not assign is an error naming field and record', async () => {
    await tx.env.model('thing').create([{ value: 13 }]);
    await expect(tx.flush()).rejects.toThrow(/thing\.half gave 1 no value/);
  });

  test('fields computed together are computed once, in one batch', async () => {
    await tx.env.model('thing').create([{ value: 2 }, { value: 4 }]);
    await tx.flush();
    expect(calls.filter((call) => call.startsWith('double'))).toEqual(['double 2']);
  });

  test('a dependent whose cause came out equal does not run', async () => {
    await tx.env.model('thing').create([{ value: 60 }]);
    await tx.flush();
    calls.length = 0;
    one(tx, 'thing', 1).set('value', 70);
    await tx.flush();
    expect(calls).toContain('inverse');
    expect(calls).not.toContain('chained');
  });

  test('a value that is not stored is computed when read and forgotten when its cause changes', async () => {
    const [thing] = await tx.env.model('thing').create([{ value: 1 }]);
    expect(thing?.get('word')).toBe('v1');
    thing?.set('value', 2);
    expect(thing?.get('word')).toBe('v2');
  });

  test('a computed value cannot be assigned', async () => {
    const [thing] = await tx.env.model('thing').create([{ value: 1 }]);
    expect(() => thing?.set('double', 3)).toThrow(/computed and cannot be assigned/);
    await expect(tx.env.model('thing').create({ double: 3 })).rejects.toMatchObject({ code: 'TX_WRITE_REFUSED' });
  });

  test('a value given by hand to an editable computed field after its cause stays, also when it equals the old one', async () => {
    const [thing] = await tx.env.model('thing').create([{ value: 12 }]);
    await tx.flush();
    thing?.set('value', 19);
    thing?.set('grade', 2);
    await tx.flush();
    expect(thing?.get('grade')).toBe(2);
    thing?.set('value', 27);
    await tx.flush();
    expect(thing?.get('grade')).toBe(7);
  });

  test('a value given to an editable computed field at creation stays', async () => {
    const [thing] = await tx.env.model('thing').create([{ value: 12, grade: 5 }]);
    await tx.flush();
    expect(thing?.get('grade')).toBe(5);
  });

  test('who reads a value that depends on one whose compute fails learns which failed', async () => {
    const thing = await tx.env.model('thing').create({ value: 5 });
    expect(thing.get('chained')).toBe(21);
    thing.set('value', 0);
    const behind = { model: 'thing', field: 'inverse', ids: [1] };
    const message = 'Computing failed for thing.chained of 1. These stay pending and are tried again by the next flush. First cause: thing.inverse of 1, which it read: no inverse of nothing';
    expect(() => thing.get('chained')).toThrow(message);
    await expect(tx.run(() => thing.get('chained'))).rejects.toMatchObject({ message, failures: [{ field: 'chained', behind }] });
    await expect(thing.load(['chained'])).rejects.toMatchObject({ message, cause: { message: 'no inverse of nothing' } });
    await expect(tx.flush()).rejects.toMatchObject({ failures: [{ field: 'inverse' }, { field: 'chained', behind }] });
  });
});
