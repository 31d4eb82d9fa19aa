import { referredModel, VERSION_FIELD, Schema, type ListSchema, type TableSchema, type UserView } from '@ormolu/kernel';

/** What one user may see of a database: its schema, and which of its fields. */
export interface View extends UserView {
  readonly schema: Schema;
  /** Of stored fields and lists. */
  mayRead(model: string, field: string): boolean;
}

/** Made once for each set of fields that users may not see: what storages know of a schema, they know by the object. */
const known = new WeakMap<Schema, Map<string, Schema>>();

/**
 * The part of a schema that a user may see: to whoever asks by it, the rest does not exist, in whatever place of a question it is named.
 *
 * Neither does an order that looks at it, nor a list that goes through it.
 */
export function narrowed(view: View): Schema {
  const { schema } = view;
  const hidden = schema.tables.flatMap(({ model, columns, lists }) => [...columns, ...lists].filter(({ field }) => !view.mayRead(model, field)).map(({ field }) => `${model}.${field}`));
  // Of relation tables nobody has said anything: they are seen where a list leads through them that is.
  const relations = new Set(schema.tables.flatMap(({ model, lists }) => lists.flatMap((list) => (list.kind === 'many2many' && view.mayRead(model, list.field) ? [list.relation] : []))));
  const through = new Set(schema.tables.flatMap(({ lists }) => lists.flatMap((list) => (list.kind === 'many2many' ? [list.relation] : []))));
  const key = JSON.stringify([hidden, [...relations]]);
  const ofSchema = known.get(schema) ?? new Map<string, Schema>();
  known.set(schema, ofSchema);
  let found = ofSchema.get(key);
  if (!found) {
    const kept = schema.tables.filter(({ model }) => !through.has(model) || relations.has(model));
    ofSchema.set(key, (found = new Schema(kept.map((table) => seen(table, view)), schema.version)));
  }
  return found;
}

function seen({ parent, uniqueTogether, ...table }: TableSchema, view: View): TableSchema {
  const { model } = table;
  const isSeen = (field: string): boolean => view.mayRead(model, field);
  return {
    ...table,
    columns: table.columns.filter(({ field }) => isSeen(field)),
    lists: table.lists.filter((list) => isSeen(list.field) && leadsThere(list, view)),
    order: table.order.filter(({ path }) => isSeenPath(view, model, path)),
    ...parent !== undefined && isSeen(parent) && { parent },
    ...uniqueTogether && { uniqueTogether: uniqueTogether.filter((fields) => fields.every(isSeen)) },
  };
}

/** A list of those who refer to a record tells what the referring field holds. */
function leadsThere(list: ListSchema, view: View): boolean {
  return list.kind === 'many2many' || view.mayRead(list.model, list.inverse);
}

function isSeenPath(view: View, model: string, path: readonly string[]): boolean {
  let here: string | undefined = model;
  for (const field of path) {
    if (here === undefined) return false;
    if (field === 'id') continue;
    if (field !== VERSION_FIELD && !view.mayRead(here, field)) return false;
    here = referredModel(view.schema.column(here, field));
  }
  return true;
}

/**
 * Looks whether a client's models mean the same as the server's, where it may see them: rows of the change log name tables and columns.
 *
 * @returns a model whose table is another, or undefined
 */
export function otherModel(client: Schema, own: Schema): string | undefined {
  const tables = new Map(own.tables.map((table) => [table.model, table]));
  return client.tables.find(({ model, table, idType, columns }) => {
    const ours = tables.get(model);
    if (!ours) return false;
    return ours.table !== table || ours.idType !== idType || columns.some(({ field, column, type }) => {
      const same = ours.columns.find((one) => one.field === field);
      return same !== undefined && (same.column !== column || same.type !== type);
    });
  })?.model;
}
