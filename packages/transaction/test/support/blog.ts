import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';

/** Posts and tags over a relation table, with who depends on either side; people, groups that are not known to each other's model. */
export const blog = defineModels({
  author: {
    name: char({ required: true }),
    posts: one2many('post', 'author'),
    tagNames: char({ store: true }),
  },
  post: {
    name: char({ required: true }),
    author: many2one('author', { onDelete: 'cascade' }),
    tags: many2many('tag'),
    likes: many2many('author', { table: 'likes' }),
    tagNames: char({ store: true }),
    tagCount: integer({ store: true }),
    likers: char(),
  },
  tag: {
    name: char({ required: true }),
    weight: integer(),
    posts: many2many('post'),
    postNames: char(),
    postCount: integer({ store: true }),
  },
})
  .compute('post', 'tagNames', ['tags.name'], (post) => names(post.tags))
  .compute('post', 'tagCount', ['tags'], (post) => post.tags.length)
  .compute('post', 'likers', ['likes.name'], (post) => names(post.likes))
  .compute('tag', 'postNames', ['posts.name'], (tag) => names(tag.posts))
  .compute('tag', 'postCount', ['posts'], (tag) => tag.posts.length)
  .compute('author', 'tagNames', ['posts.tags.name'], (author) => names([...author.posts].flatMap((post) => [...post.tags])));

/** The names of some records, each once, in the order of the alphabet. */
function names(records: Iterable<{ readonly name: string }>): string {
  return [...new Set(Array.from(records, ({ name }) => name))].sort().join();
}
