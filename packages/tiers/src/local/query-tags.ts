import { referredModel, type Filter, type GroupQuery, type OrderTerm, type Query, type Schema } from '@ormolu/kernel';

/** What an answer depends on of one model: that its records are there, and the values of some fields of theirs. */
export interface QueryTag {
  readonly model: string;
  /** None: only that the records are there. */
  readonly fields: readonly string[];
}

/** Which records a search finds, and in which order, depends on this. */
export function searchTags(schema: Schema, { model, filter, order }: Query): readonly QueryTag[] {
  return tagsOf(schema, { model, filter, order: order ?? schema.table(model).order });
}

/** How many records there are depends on this. */
export function countTags(schema: Schema, { model, filter }: Query): readonly QueryTag[] {
  return tagsOf(schema, { model, filter });
}

/** Figures about records depend on this. */
export function groupTags(schema: Schema, { model, filter, by, aggregates }: GroupQuery): readonly QueryTag[] {
  return tagsOf(schema, { model, filter, paths: [...by, ...aggregates.flatMap(({ path }) => (path ? [path] : []))] });
}

interface LookedAt {
  readonly model: string;
  readonly filter: Filter;
  readonly order?: readonly OrderTerm[];
  readonly paths?: readonly (readonly string[])[];
}

function tagsOf(schema: Schema, { model, filter, order = [], paths = [] }: LookedAt): readonly QueryTag[] {
  const tags = new Map<string, Set<string>>();
  touch(tags, model);
  followFilter(schema, tags, { model, filter });
  for (const path of [...order.map((term) => term.path), ...paths]) follow(schema, tags, { model, path });
  return [...tags].map(([name, fields]) => ({ model: name, fields: [...fields] }));
}

type Tags = Map<string, Set<string>>;

function touch(tags: Tags, model: string, ...fields: readonly string[]): void {
  let known = tags.get(model);
  if (!known) tags.set(model, (known = new Set()));
  for (const field of fields) known.add(field);
}

function followFilter(schema: Schema, tags: Tags, { model, filter }: { readonly model: string; readonly filter: Filter }): void {
  switch (filter.kind) {
    case 'condition': {
      const end = follow(schema, tags, { model, path: filter.path });
      if (filter.operator === 'childOf' || filter.operator === 'parentOf') touchHierarchy(schema, tags, { model: end, along: filter.along });
      return;
    }
    case 'and':
      for (const part of filter.all) followFilter(schema, tags, { model, filter: part });
      return;
    case 'or':
      for (const part of filter.any) followFilter(schema, tags, { model, filter: part });
      return;
    case 'not':
      followFilter(schema, tags, { model, filter: filter.not });
  }
}

/** Notes what a path leads through. @returns the model whose records its values are, if they are any */
function follow(schema: Schema, tags: Tags, { model, path }: { readonly model: string; readonly path: readonly string[] }): string | undefined {
  let here: string | undefined = model;
  for (const name of path) {
    // A path that goes on behind a plain value is none; who is asked says so.
    if (here === undefined) return undefined;
    // The records of a model that a path leads to must be there.
    touch(tags, here);
    if (name === 'id') continue;
    const list = schema.list(here, name);
    if (list) {
      if (list.kind === 'one2many') touch(tags, list.model, list.inverse);
      else touch(tags, list.relation, list.column, list.otherColumn);
      here = list.model;
      continue;
    }
    touch(tags, here, name);
    here = referredModel(schema.column(here, name));
  }
  return here;
}

function touchHierarchy(schema: Schema, tags: Tags, { model, along }: { readonly model: string | undefined; readonly along: string | undefined }): void {
  const parent = along ?? (model === undefined ? undefined : schema.table(model).parent);
  if (model !== undefined && parent !== undefined) touch(tags, model, parent);
}
