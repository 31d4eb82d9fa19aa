import { boolean, char, decimal, defineModels, float, integer, many2many, many2one, one2many, related, selection, uuid } from '@ormolu/registry';

/** Books on shelves within shelves, with everything a search can look at. */
export const library = defineModels({
  company: { name: char() },
  user: { name: char(), company: many2one('company') },
  shelf: {
    name: char({ required: true }), parent: many2one('shelf'), books: one2many('book', 'shelf'), children: one2many('shelf', 'parent'),
    bookCount: integer({ store: true }), isFull: boolean(),
  },
  author: { name: char({ required: true }), books: many2many('book'), active: boolean({ default: true }) },
  book: {
    name: char({ required: true, size: 10 }), pages: integer(), price: decimal({ scale: 2 }), state: selection(['new', 'worn']), code: uuid(),
    shelf: many2one('shelf'), authors: many2many('author'), active: boolean({ default: true }), shelfName: related('shelf.name'), place: related('shelf.parent'),
    title: char({ translate: true }), value: float({ companyDependent: true }), secret: char({ groups: ['staff', 'owner'] }), label: char({ store: true }), size: char(), loop: char(),
    thickness: integer(),
  },
})
  .options('shelf', { parent: 'parent', order: ['name'] })
  .options('book', { order: ['-pages'] })
  .compute('shelf', 'bookCount', ['books'], (shelf) => shelf.books.length)
  .compute('shelf', 'isFull', ['bookCount'], (shelf) => (shelf.bookCount ?? 0) > 1)
  .search('shelf', 'isFull', (operator, value) => ({ bookCount: (operator === 'eq') === (value === true) ? { gt: 1 } : { lte: 1 } }))
  .compute('book', 'label', ['name', 'shelf.name'], (book) => `${book.name}@${book.shelf?.name ?? '-'}`)
  .compute('book', 'size', ['pages'], (book) => ((book.pages ?? 0) > 100 ? 'big' : 'small'))
  .search('book', 'size', (operator, value) => {
    const big = { and: [{ pages: { gt: 100 } }, { pages: { exists: true } }] };
    return (operator === 'eq') === (value === 'big') ? big : { not: big };
  })
  .compute('book', 'loop', ['name'], (book) => book.name)
  .search('book', 'loop', () => ({ loop: 'x' }))
  .compute('book', 'thickness', ['pages'], (book) => Math.ceil((book.pages ?? 0) / 10));
