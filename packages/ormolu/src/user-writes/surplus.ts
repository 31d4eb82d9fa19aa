import type { StoredId, Tag } from '@ormolu/kernel';
import type { Recorded } from './recorded-session';

/** What somebody else's program takes for done, because it said so. */
export interface Told {
  readonly model: string;
  readonly ids: readonly StoredId[];
  /** The fields that are as it said. */
  readonly fields: readonly string[];
  /** The fields for which it sent values that were worked out here. */
  readonly recomputed: readonly string[];
}

/** Records of one model that are named one by one: beyond, it is the model that has changed. */
const MOST_IDS = 100;

/** Of what statements have changed, that which a program does not know that told only a part of it. */
export function surplusOf({ model, ids, fields, recomputed }: Told, recorded: readonly Recorded[], beside: readonly Tag[]): readonly Tag[] {
  const own = new Set(ids.map(String));
  const said = new Set(fields);
  const tags: Tag[] = [...beside];
  if (recomputed.length > 0) tags.push(...ids.map((id) => ({ model, id, fields: recomputed })));
  for (const { kind, model: changed, ids: changedIds, fields: changedFields } of recorded) {
    const more = changedFields.filter((field) => !said.has(field));
    for (const id of changedIds) {
      const isTold = changed === model && own.has(String(id));
      if (!isTold) tags.push({ model: changed, id, ...kind === 'update' && { fields: changedFields } });
      else if (more.length > 0) tags.push({ model: changed, id, fields: more });
    }
  }
  return summed(tags);
}

function summed(tags: readonly Tag[]): readonly Tag[] {
  const byModel = new Map<string, Tag[]>();
  for (const tag of tags) {
    const own = byModel.get(tag.model);
    if (own) own.push(tag);
    else byModel.set(tag.model, [tag]);
  }
  return [...byModel].flatMap(([model, own]): readonly Tag[] => {
    if (own.length <= MOST_IDS) return own;
    const isAll = own.some(({ fields }) => fields === undefined);
    return [{ model, ...!isAll && { fields: [...new Set(own.flatMap(({ fields = [] }) => fields))] } }];
  });
}
