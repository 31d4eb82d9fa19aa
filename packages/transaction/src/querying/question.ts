import { condition, type Filter, type OrderTerm, type Query, type ValueKeys } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { checkAccess } from '../environment/access';
import type { Environment } from '../environment/environment';
import { answerLists, compileFilter, compileOrder, type Asked } from './filter';
import { meetCompany, valueKeys } from '../environment/keyed-fields';
import { LookedAt } from './looked-at';

/** How a search is limited and ordered. */
export interface SearchOptions {
  /** `['country.name', '-population']`; absent: the model's own order. */
  readonly order?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** A question about the records of a model, names and values checked, before anything is sent. */
export interface Question {
  readonly env: Environment;
  readonly model: Model;
  readonly filter: Asked;
  readonly order: readonly OrderTerm[] | undefined;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly looked: LookedAt;
}

/**
 * Puts a question together. Records that are not active are left out, unless the filter names `active` or the context says
 * `activeTest: false`.
 *
 * @throws as `compileFilter` and `compileOrder`
 */
export function prepare(env: Environment, name: string, filter: unknown, options: SearchOptions = {}): Question {
  const model = env.registry.model(name);
  const looked = new LookedAt(env.registry);
  const compiled = compileFilter(looked, name, filter);
  const order = options.order && compileOrder(looked, name, options.order);
  if (!order) for (const { path } of model.order) lookAlong(looked, model, path);
  const active = model.fields.get('active');
  const hides = active?.kind === 'boolean' && active.isStored && env.context['activeTest'] !== false && !namesActive(filter);
  if (hides) looked.look(active);
  return {
    env, model, order, looked,
    filter: hides ? { kind: 'and', all: [compiled, condition(['active'], 'eq', true)] } : compiled,
    limit: options.limit, offset: options.offset,
  };
}

/** The model's own order is nobody's naming: no access is needed for it. */
function lookAlong(looked: LookedAt, model: Model, path: readonly string[]): void {
  const own = new LookedAt(looked.registry);
  own.follow(model.name, path);
  for (const field of own.fields) looked.look(field);
}

/** Whether a filter says by itself what is to be with records that are not active. */
function namesActive(filter: unknown): boolean {
  if (Array.isArray(filter)) return filter.some(namesActive);
  if (typeof filter !== 'object' || filter === null) return false;
  return Object.entries(filter).some(([name, part]) => (name === 'active' ? part !== undefined : (name === 'or' || name === 'and' || name === 'not') && namesActive(part)));
}

/** The company's and language's keys under which a question looks. */
export function keysOf({ env, looked }: Question): ValueKeys | undefined {
  return valueKeys(env, looked.fields);
}

/**
 * Makes everything ready for sending a question: access is checked, what is pending of the fields it looks at is written.
 *
 * @returns the query as rungs understand it
 * @throws {AccessError} TX_ACCESS
 * @remarks One statement for each filter on lists that must be answered by itself, beside the flush.
 */
export async function ready(question: Question): Promise<Query> {
  const { model, order, limit, offset } = question;
  const filter = await readyFilter(question, question.filter);
  return { model: model.name, filter, ...(order ? { order } : {}), limit, offset, keys: keysOf(question) };
}

/** The same for a filter alone. */
export async function readyFilter(question: Pick<Question, 'env' | 'looked'>, filter: Asked): Promise<Filter> {
  const { env, looked } = question;
  const tx = env.transaction;
  await checkAccess(env, looked.named, 'search');
  await meetCompany(env);
  await tx.flushFor(looked.fields);
  const keys = valueKeys(env, looked.fields);
  return await answerLists(filter, async (model, inner) => (await tx.below.query({ model, filter: inner, order: [], keys })).ids);
}

/** What a question's answer depends on. */
export function concerns({ looked }: Question): ReadonlySet<Field> {
  return looked.fields;
}
