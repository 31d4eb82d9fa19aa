import { MODELS_SIGNAL, VERSION_COLUMN, VERSION_FIELD, type ChangeRow, type Columns, type ReadQuestion, type Schema, type Tag } from '@ormolu/kernel';

/** Rows of the log, as far as they are about what a client may see: of what else a transaction has changed, it hears nothing. */
export function seenRows(rows: readonly ChangeRow[], schema: Schema): readonly ChangeRow[] {
  const columns = new Map(schema.tables.map(({ table, columns: all, versioned }) => [table, new Set([...all.map(({ column }) => column), ...versioned ? [VERSION_COLUMN.column] : []])]));
  return rows.flatMap((row) => {
    if (row.model.startsWith('$')) return row.model === MODELS_SIGNAL ? [] : [row];
    const seen = columns.get(row.model);
    if (!seen) return [];
    const fields = row.fields?.filter((column) => seen.has(column)) ?? null;
    return fields?.length === 0 ? [] : [{ ...row, fields }];
  });
}

/** Tags by the fields that a user sees; of others he hears nothing. They are sorted: in which order something was done may follow from what he does not see. */
export function seenTags(tags: readonly Tag[], schema: Schema): readonly Tag[] {
  const tables = new Map(schema.tables.map((table) => [table.model, table]));
  const seen = tags.flatMap(({ fields, ...tag }): readonly Tag[] => {
    const table = tables.get(tag.model);
    if (!table) return [];
    if (fields === undefined) return [tag];
    const own = fields.filter((field) => field === VERSION_FIELD || table.columns.some((column) => column.field === field)).sort();
    return own.length > 0 ? [{ ...tag, fields: own }] : [];
  });
  const placed = seen.map((tag) => [JSON.stringify([tag.model, String(tag.id), tag.fields ?? null]), tag] as const);
  return placed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, tag]) => tag);
}

/** Records in the order in which they were asked for. A database gives them as they lie in it, which follows from what was written last, also of what is not seen. */
export function inOrderAsked({ ids: asked }: ReadQuestion, answer: Columns): Columns {
  const places = new Map(answer.ids.map((id, place) => [String(id), place]));
  const order = [...new Set(asked.map(String))].flatMap((id) => places.get(id) ?? []);
  return { ...answer, ids: order.map((place) => answer.ids[place] as Columns['ids'][number]), columns: answer.columns.map((column) => order.map((place) => column[place])) }; // places of what was answered
}
