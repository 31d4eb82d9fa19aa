import { bigint, char, datetime, decimal, defineModels, float, many2one, related, text } from '@ormolu/registry';

/** Things whose values differ by company, and whose texts differ by language. */
export const store = defineModels({
  company: { name: char({ required: true }) },
  user: { name: char({ required: true }), company: many2one('company') },
  shelf: { name: char({ required: true, translate: true }) },
  thing: {
    name: char({ required: true, translate: true, size: 20 }), code: char(), note: text({ translate: true }),
    price: float({ companyDependent: true }), cost: decimal({ scale: 2, companyDependent: true }), serial: bigint({ companyDependent: true }),
    since: datetime({ companyDependent: true }), shelf: many2one('shelf', { companyDependent: true }), twin: many2one('thing'), peer: many2one('thing', { companyDependent: true }),
    shelfName: related('shelf.name'), twinPrice: related('twin.price'), tag: char({ dependsContext: ['lang', 'company'] }),
  },
})
  .compute('thing', 'tag', ['name', 'price'], (thing) => `${thing.name} ${String(thing.price)}`);
