import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels } from '@ormolu/kernel';
import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

/** What memory has forgotten while a copy waited was copied as null and as empty lists; a line that came to the list meanwhile as one that has nothing. */
const registry = defineModels({
  kind: { name: char({ required: true }) },
  base: { title: char({ required: true }), lines: one2many('line', 'base', { copy: true }) },
  order: {
    base: many2one('base', { required: true, onDelete: 'cascade' }), name: char({ required: true, translate: true }), kind: many2one('kind'), tags: many2many('kind'),
    notes: one2many('note', 'order', { copy: true }), hand: integer({ store: true, readonly: false }),
  },
  line: { base: many2one('base'), price: integer() },
  note: { order: many2one('order'), text: char({ translate: true }), size: integer() },
}).delegate('order', 'base').compute('order', 'hand', ['kind'], (order) => (order.kind ? 7 : 8)).registry();

/** Behind which of the copy's statements something happens, and how many turns later. */
const MOMENTS = [1, 2, 3, 4, 5, 6].flatMap((statement) => [0, 3, 12].map((turns) => [statement, turns] as const));

everywhere(registry, ({ begin }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('kind').create([{ name: 'a' }, { name: 'b' }]);
    await tx.env.model('order').create([
      { title: 't', name: 'o', kind: 1, tags: [1, 2], hand: 3, lines: [{ create: { price: 5 } }], notes: [{ create: { text: 'x', size: 1 } }, { create: { text: 'y', size: 2 } }] },
      { title: 'u', name: 'p', notes: [{ create: { text: 'z', size: 9 } }] },
    ]);
    await tx.flush();
  });

  const order = (id: number): RecordSet => one(tx, 'order', id);
  /** What is to be copied of order 1 and is in the database. */
  async function seen(id: number): Promise<readonly unknown[]> {
    const [read] = await order(id).read(['title', 'name', 'kind', 'tags', 'hand']);
    const lines = await tx.env.model('line').search({ base: Number(await baseOf(id)) });
    const notes = await tx.env.model('note').search({ order: id }, { order: ['size'] });
    return [{ ...read, id: 0, tags: new Set(read?.['tags'] as number[]) }, (await lines.read(['price'])).map(({ price }) => price), (await notes.read(['text', 'size'])).map(({ text, size }) => [text, size])];
  }
  const baseOf = async (id: number): Promise<unknown> => (await order(id).read(['base']))[0]?.['base'];
  /** @returns the id of the copy */
  async function copyBeside([statement, turns]: readonly [number, number], meanwhile: () => void): Promise<number> {
    let sent = 0;
    const later = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      meanwhile();
    };
    let happened: Promise<void> | undefined;
    const listen = (): void => {
      sent += 1;
      if (sent === statement) happened = later();
    };
    subscribe(channels.statement.name, listen);
    try {
      const [copied] = (await order(1).copy()).ids;
      await happened;
      return Number(copied);
    } finally {
      unsubscribe(channels.statement.name, listen);
    }
  }

  describe.each<readonly [what: string, forget: () => void]>([
    ['everything', () => { tx.cache.invalidate(); }],
    ['the order', () => { order(1).invalidate(); }],
    ['its base', () => { one(tx, 'base', 1).invalidate(); }],
    ['its notes', () => { tx.env.model('note').browse([1, 2]).invalidate(); }],
  ])('%s is forgotten while a copy waits', (_, forget) => {
    test.each(MOMENTS)('behind statement %i, %i turns later', async (...moment) => {
      const before = await seen(1);
      tx.clear();
      expect(await seen(await copyBeside(moment, forget))).toEqual(before);
    });
  });

  test.each(MOMENTS)('a note comes to the order while a copy waits, behind statement %i, %i turns later', async (...moment) => {
    const [own, lines, notes] = await seen(1);
    tx.clear();
    const copied = await copyBeside(moment, () => { one(tx, 'note', 3).set('order', order(1)); });
    const [copiedOwn, copiedLines, copiedNotes] = await seen(copied);
    expect([copiedOwn, copiedLines]).toEqual([own, lines]);
    // It has come before or after: it is copied whole, or not.
    expect([notes, [...(notes as unknown[]), ['z', 9]]]).toContainEqual(copiedNotes);
  });
});
