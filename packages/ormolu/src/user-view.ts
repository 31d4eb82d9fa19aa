import type { ModelView, Schema, UserView } from '@ormolu/kernel';
import { servedFields, type Field, type Registry } from '@ormolu/registry';
import { createHash } from 'node:crypto';

/** What a user may see of an open database: as his programs are told, and as his questions are judged. */
export interface DatabaseView extends UserView {
  readonly schema: Schema;
  /** Of stored fields and lists. */
  mayRead(model: string, field: string): boolean;
}

/** What members of some groups see is worked out once for a version of the models. */
const known = new WeakMap<Registry, Map<string, Omit<DatabaseView, 'user'>>>();

/** What a user of some groups may see. Lists on the other side of what he may not see tell of it: he does not see them, either. */
export function viewWith(registry: Registry, { user, groups }: { readonly user: number; readonly groups: ReadonlySet<string> }): DatabaseView {
  const ofRegistry = known.get(registry) ?? new Map<string, Omit<DatabaseView, 'user'>>();
  known.set(registry, ofRegistry);
  const key = JSON.stringify([...groups].sort());
  let view = ofRegistry.get(key);
  if (!view) {
    if (ofRegistry.size >= MOST_VIEWS) ofRegistry.clear();
    ofRegistry.set(key, (view = viewOfGroups(registry, groups)));
  }
  return { user, ...view };
}

/** Of one version of the models. */
const MOST_VIEWS = 1_000;

function viewOfGroups(registry: Registry, groups: ReadonlySet<string>): Omit<DatabaseView, 'user'> {
  const isAllowed = ({ groups: allowed }: Field): boolean => allowed === undefined || allowed.some((group) => groups.has(group));
  const isSeen = (field: Field): boolean => isAllowed(field) && (!field.isPersistent || field.relation?.kind !== 'one2many' || registry.inversesOf(field).every(isAllowed));
  const served = servedFields(registry, (field) => !isSeen(field));
  const models = new Map(Array.from(registry.models.values()).filter(({ abstract }) => !abstract).map((model): [string, ModelView] => {
    const fields = [...model.fields.values()].filter(isSeen);
    return [model.name, { fields: new Set(fields.map(({ name }) => name)), served: new Set(fields.filter((field) => served.has(field)).map(({ name }) => name)) }];
  }));
  const plain = Array.from(models, ([model, view]) => [model, [...view.fields], [...view.served]]);
  return {
    schema: registry.schema, models,
    digest: createHash('sha256').update(JSON.stringify(plain)).digest('base64url').slice(0, 22),
    mayRead: (model, name) => {
      const field = registry.models.get(model)?.fields.get(name);
      return field === undefined || isAllowed(field);
    },
  };
}
