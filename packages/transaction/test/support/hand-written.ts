import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { RecordSet } from '../../src/index';

/** Values that may be written by hand, each of which reads a changed value by another way; whom a line picks is computed, too. */
function modelsWith(picked: { readonly readonly?: false }) {
  const byHand = { store: true, readonly: false } as const;
  return defineModels({
    order: {
      rate: integer(), lines: one2many('line', 'order'), sum: integer(byHand), sign: integer({ store: true }), named: char({ store: true }),
      picks: one2many('line', 'picked'), pickSum: integer(byHand), pickCount: integer({ store: true }), boss: many2one('order'), bossPick: integer(byHand),
      tags: many2many('tag'), tagged: integer(byHand), tagCount: integer({ store: true }),
    },
    tag: { weight: integer(), isHeavy: integer({ store: true }), orders: many2many('order') },
    line: {
      qty: integer(), order: many2one('order'), own: integer(byHand), rated: integer(byHand), isMany: integer({ store: true }),
      told: integer(byHand), twice: integer(), fourfold: integer(byHand), signed: integer(byHand),
      up: many2one('line'), depth: integer({ ...byHand, recursive: true }),
      pick: integer(), picked: many2one('order', { store: true, ...picked }), pickedSign: integer(byHand), pickedSum: integer(byHand),
    },
  })
    .compute('order', 'sum', ['lines.qty'], (order) => [...order.lines].reduce((sum, { qty }) => sum + (qty ?? 0), 0))
    .compute('order', 'sign', ['lines.qty', 'rate'], (order) => (order.lines.length > 0 ? 1 : 0) + ((order.rate ?? 0) > 1 ? 1 : 0))
    .compute('order', 'pickSum', ['picks.isMany'], (order) => [...order.picks].reduce((sum, { isMany }) => sum + (isMany ?? 0), 0))
    .compute('order', 'pickCount', ['picks'], (order) => order.picks.length)
    .compute('order', 'bossPick', ['boss.pickCount', 'boss.sign'], (order) => (order.boss?.pickCount ?? 0) * 10 + (order.boss?.sign ?? 0))
    .compute('order', 'tagged', ['tags.isHeavy'], (order) => [...order.tags].reduce((sum, { isHeavy }) => sum + (isHeavy ?? 0), 0))
    .compute('order', 'tagCount', ['tags'], (order) => order.tags.length)
    .compute('tag', 'isHeavy', ['weight'], (tag) => ((tag.weight ?? 0) > 1 ? 1 : 0))
    .compute('line', 'own', ['qty'], (line) => (line.qty ?? 0) + 10)
    .compute('line', 'rated', ['qty', 'order.rate'], (line) => (line.qty ?? 0) * (line.order?.rate ?? 0))
    .compute('line', 'isMany', ['qty'], (line) => ((line.qty ?? 0) > 1 ? 1 : 0))
    .compute('line', 'told', ['isMany'], (line) => line.isMany ?? 0)
    .compute('line', 'twice', ['qty'], (line) => (line.qty ?? 0) * 2)
    .compute('line', 'fourfold', ['twice'], (line) => (line.twice ?? 0) * 2)
    .compute('line', 'signed', ['order.sign', 'order.tagged'], (line) => (line.order?.sign ?? 0) + (line.order?.tagged ?? 0) * 100)
    .compute('line', 'depth', ['up.depth', 'qty'], (line) => (line.up?.depth ?? 0) + ((line.qty ?? 0) > 0 ? 1 : 0))
    .compute('line', 'picked', ['pick', 'isMany'], (line) => {
      const id = ((line.pick ?? 0) + (line.isMany ?? 0) * 2) % 3;
      return id === 0 ? null : line.env.model('order').browse(id);
    })
    .compute('line', 'pickedSign', ['picked.sign'], (line) => line.picked?.sign ?? 0)
    .compute('line', 'pickedSum', ['picked.sum', 'picked.pickCount'], (line) => (line.picked?.sum ?? 0) + 100 * (line.picked?.pickCount ?? 0))
    .registry();
}

/** Whom a line picks follows from others, or may be written by hand as well. */
export const registry = modelsWith({});
export const withPicksByHand = modelsWith({ readonly: false });

export type ModelName = 'order' | 'tag' | 'line';
export const MODELS = ['order', 'tag', 'line'] as const;

/** What is written by hand. */
export const HANDS: Readonly<Record<ModelName, readonly string[]>> = {
  order: ['sum', 'pickSum', 'bossPick', 'tagged'],
  tag: ['weight'],
  line: ['own', 'rated', 'told', 'fourfold', 'signed', 'depth', 'pickedSign', 'pickedSum'],
};
/** What others are computed from. */
export const PLAIN: Readonly<Record<ModelName, readonly string[]>> = { order: ['rate', 'boss'], tag: ['weight'], line: ['qty', 'qty', 'order', 'up', 'pick', 'pick'] };
/** What has a column. */
export const STORED: Readonly<Record<ModelName, readonly string[]>> = {
  order: ['rate', 'sum', 'sign', 'pickSum', 'pickCount', 'boss', 'bossPick', 'tagged', 'tagCount'],
  tag: ['weight', 'isHeavy'],
  line: ['qty', 'order', 'up', 'own', 'rated', 'isMany', 'told', 'fourfold', 'signed', 'depth', 'pick', 'picked', 'pickedSign', 'pickedSum'],
};
/** All that can be read. */
export const ALL: Readonly<Record<ModelName, readonly string[]>> = { order: [...STORED.order, 'lines', 'picks', 'tags'], tag: [...STORED.tag, 'orders'], line: [...STORED.line, 'twice'] };

/** The ids of a list, in no order. */
export function membersOf(record: RecordSet, name: string): ReadonlySet<unknown> {
  return new Set((record.get(name) as RecordSet).ids); // whose field is a list
}
