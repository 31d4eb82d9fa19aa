import { char, defineModels, integer, many2many, many2one, one2many, type DefaultEnvironment } from '@ormolu/registry';

/** Articles that delegate to a product, with fields computed before their rows are inserted, and every rule of deletion. */
export const catalog = defineModels({
  product: {
    name: char({ required: true }),
    price: integer({ default: 1 }),
    label: char(),
  },
  article: {
    product: many2one('product', { required: true, onDelete: 'cascade' }),
    owner: char({ default: (env: DefaultEnvironment) => `user ${String(env.uid)}` }),
    code: char({ required: true, store: true, precompute: true }),
    total: integer({ store: true, precompute: true, readonly: false }),
    secret: char({ copy: false }),
    sizes: one2many('size', 'article', { copy: true }),
    remarks: one2many('remark', 'article'),
    groups: many2many('group'),
    replaces: many2one('article', { onDelete: 'set null' }),
  },
  size: { article: many2one('article', { required: true, onDelete: 'cascade' }), width: integer(), doubled: integer({ store: true }) },
  remark: { article: many2one('article', { onDelete: 'set null' }), text: char() },
  group: { name: char(), articles: many2many('article'), head: many2one('article', { onDelete: 'restrict' }) },
})
  .delegate('article', 'product')
  .compute('product', 'label', ['name', 'price'], (product) => `${product.name} at ${String(product.price)}`)
  .compute('article', 'code', ['name', 'owner'], (article) => `${article.name ?? '?'}/${article.owner ?? '?'}`)
  .compute('article', 'total', ['sizes.width', 'groups.name'], (article) => [...article.sizes].reduce((sum, { width }) => sum + (width ?? 0), article.groups.length * 100))
  .compute('size', 'doubled', ['width'], (size) => 2 * (size.width ?? 0));
