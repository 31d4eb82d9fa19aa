import type { Id } from '@ormolu/kernel';
import type { Environment } from '../environment/environment';
import { load } from './load';
import { meetOwners } from './meet-records';
import type { PrefetchGroup } from './prefetch';
import { isList } from '../values';

/** What loading needs of records. */
interface Loaded {
  readonly env: Environment;
  readonly model: string;
  readonly ids: readonly Id[];
  readonly prefetchGroup: PrefetchGroup;
}

/** Brings paths of records into memory. Where nothing but empty lists was asked of ids that somebody has named, it is asked whether there are such records. */
export async function loadRecords({ env, model, ids, prefetchGroup }: Loaded, paths: readonly string[]): Promise<void> {
  await load(env, model, ids, paths);
  if (!prefetchGroup.isBrowsed) return;
  const fields = paths.flatMap((path) => env.registry.model(model).fields.get(path.split('.')[0] ?? '') ?? []);
  await meetOwners(env.transaction, fields.filter((field) => isList(field) && field.isPersistent), ids);
}
