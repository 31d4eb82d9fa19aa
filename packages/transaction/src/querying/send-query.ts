import type { QueryCaching, StoredId } from '@ormolu/kernel';
import { load } from '../reading/load';
import { putFetched } from '../reading/put-fetched';
import { ready, type Question } from './question';

/** What is wanted of the records a question finds. */
export interface Wants {
  /** Their values beside their ids. */
  readonly withValues: boolean;
  /** Paths to bring into memory with them. */
  readonly prefetch: readonly string[];
  /** How caches are used for it. */
  readonly caching?: QueryCaching | undefined;
}

/** Sends a question, and brings into memory what is wanted with it. @remarks One statement beside the flush, and those of the paths. */
export async function sendQuery(question: Question, { withValues, prefetch, caching }: Wants): Promise<readonly StoredId[]> {
  const { env, model } = question;
  const fields = withValues ? [...model.fields.values()].filter((field) => field.isPrefetched) : [];
  const answer = await env.transaction.below.query({ ...(await ready(question)), fields: fields.map((field) => field.name), ...(caching ? { caching } : {}) });
  for (const [place, field] of fields.entries()) putFetched(env, field, answer.ids, answer.columns[place] ?? []);
  if (prefetch.length > 0) await load(env, model.name, answer.ids, prefetch);
  return answer.ids;
}
