import { MisuseError, type InsertRows, type StoredId } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import type { Environment } from '@ormolu/transaction';
import { malformed } from './given-columns';
import type { Told } from './surplus';

/** A many2many as its relation table keeps it. */
interface RelationList {
  readonly field: Field;
  /** The table's fields of the list's owner and of its members. */
  readonly own: string;
  readonly other: string;
}

/** The list that a relation table keeps; undefined for the table of a model. Where two lists look at it from either side, one is as good as the other. */
export function relationList(registry: Registry, table: string): RelationList | undefined {
  if (registry.models.has(table)) return undefined;
  for (const model of registry.models.values()) {
    for (const field of model.fields.values()) {
      const { relation } = field;
      if (relation?.kind === 'many2many' && relation.relationModel === table && field.isPersistent && !field.related && relation.column !== undefined && relation.otherColumn !== undefined) {
        return { field, own: relation.column, other: relation.otherColumn };
      }
    }
  }
  return undefined;
}

/** Puts members into lists. */
export async function linkPairs(env: Environment, list: RelationList, { model, fields, columns, count }: InsertRows): Promise<{ readonly ids: readonly StoredId[]; readonly told: Told }> {
  const [owners, members] = [list.own, list.other].map((name) => columns[fields.indexOf(name)]);
  if (!Array.isArray(owners) || !Array.isArray(members) || fields.length !== 2 || owners.length !== count || members.length !== count) throw malformed(model, `${list.own} and ${list.other} of each pair`);
  await change(env, list, { owners, members, command: 'link' });
  return { ids: [], told: { model, ids: [], fields: [], recomputed: [] } };
}

/** Takes the members of some rows out of their lists. */
export async function unlinkPairs(env: Environment, list: RelationList, { model, ids }: { readonly model: string; readonly ids: readonly StoredId[] }): Promise<{ readonly ids: readonly StoredId[]; readonly told: Told }> {
  const { ids: found, columns: [owners = [], members = []] } = await env.transaction.session.read({ model, ids, fields: [list.own, list.other] });
  await change(env, list, { owners, members, command: 'unlink' });
  return { ids: found, told: { model, ids: found, fields: [], recomputed: [] } };
}

async function change(env: Environment, { field }: RelationList, { owners, members, command }: { readonly owners: readonly unknown[]; readonly members: readonly unknown[]; readonly command: 'link' | 'unlink' }): Promise<void> {
  const byOwner = new Map<StoredId, unknown[]>();
  for (const [place, owner] of owners.entries()) {
    if (owner === null || members[place] === null) throw new MisuseError('TX_ARGUMENT', `A pair of ${field.toString()} lacks one of its records. Name both.`, { details: { model: field.model, field: field.name } });
    byOwner.set(owner as StoredId, [...byOwner.get(owner as StoredId) ?? [], members[place]]); // what it is, browse() looks at
  }
  const all = env.model(field.model).browse([...byOwner.keys()]);
  // All lists at once, in place of one after the other.
  await all.load([field.name]);
  for (const [owner, own] of byOwner) await all.browse([owner]).write({ [field.name]: own.map((member) => ({ [command]: member })) });
}
