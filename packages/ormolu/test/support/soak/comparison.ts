import { isDeepStrictEqual } from 'node:util';
import { EVERYTHING, type Columns, type GroupQuery, type Groups, type Query, type ReadQuestion, type Rung, type Session, type StoredId } from '@ormolu/kernel';
import type { Asked } from './asked';
import { past } from './past-caches';
import type { Tally } from './report';

/** A ladder, its foot, and what stands above its shared rung, where it has one. */
export interface Watched {
  readonly rung: Rung;
  readonly asked: Asked;
  readonly shared: Asked | undefined;
}

/** A question about many records, whoever is asked. */
export type Question = { readonly kind: 'query' | 'count'; readonly query: Query } | { readonly kind: 'group'; readonly query: GroupQuery };

type Row = readonly unknown[] | undefined;
const SECOND_MS = 1_000;

/**
 * Compares what the ladder answers with what the database tells the same transaction: in one snapshot where the transaction has one, and at READ COMMITTED with
 * what was true before the ladder was asked and after.
 *
 * Many records are compared by one question to the database, so that comparing costs little; each of them counts as one.
 */
export class Comparison {
  readonly #name: string;
  readonly #tally: () => Tally;

  /** @param name - what this process writes into the records it changes */
  constructor(name: string, tally: () => Tally) {
    this.#name = name;
    this.#tally = tally;
  }

  async records(session: Session, { rung, asked, shared }: Watched, question: ReadQuestion): Promise<void> {
    const before = session.isolation === 'read committed' ? rowsOf(await session.read(past(question))) : undefined;
    asked.forget();
    shared?.forget();
    const told = rowsOf(await rung.read(session, question));
    const hits = new Set(question.ids.filter((id) => !asked.ids.has(id)));
    const hasAskedShared = new Set(shared?.ids);
    const after = rowsOf(await session.read(past(question)));
    if (after.size === 0 && told.size > 0 && await this.#isEmptied(session)) return;
    const counts = this.#tally().levels[session.isolation];
    for (const id of question.ids) {
      const row = told.get(id);
      const what = { before: before && { row: before.get(id) }, after: after.get(id), fields: question.fields, isHit: hits.has(id) };
      const isRight = isTrue(row, what);
      if (isRight === undefined) {
        this.#tally().undecided += 1;
        continue;
      }
      counts.reads += 1;
      if (!isRight) this.differ(`${session.isolation} read of ${question.model} ${String(id)}${hits.has(id) ? ' (hit)' : ''}`, row, { before: before?.get(id), after: after.get(id) });
      this.#count({ isHit: hits.has(id), isOfShared: hasAskedShared.has(id), isFresh: this.#isFresh(row, question.fields) }, counts);
    }
  }

  async question(session: Session, { rung, asked, shared }: Watched, question: Question): Promise<void> {
    const before = session.isolation === 'read committed' ? await answerOf(session, asPast(question)) : undefined;
    asked.forget();
    shared?.forget();
    const told = await answerOf({ query: (one) => rung.query(session, one), count: (one) => rung.count(session, one), group: (one) => rung.group(session, one) }, question);
    const isHit = !asked.wasAsked;
    const hasAskedShared = shared?.wasAsked === true;
    const after = await answerOf(session, asPast(question));
    const isRight = isDeepStrictEqual(told, after) || (before !== undefined && isDeepStrictEqual(told, before));
    // Between two moments there may have been a third.
    if (!isRight && (before !== undefined || await this.#isEmptied(session))) {
      this.#tally().undecided += 1;
      return;
    }
    const counts = this.#tally().levels[session.isolation];
    counts.reads += 1;
    this.#count({ isHit, isOfShared: hasAskedShared, isFresh: false }, counts);
    if (!isRight) this.differ(`${session.isolation} ${question.kind} ${JSON.stringify(question.query)}${isHit ? ' (hit)' : ''}`, told, after);
  }

  /** Notes a wrong answer. */
  differ(what: string, told: unknown, truth: unknown): void {
    const shown = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    const { differences } = this.#tally();
    if (differences.length < 5) differences.push(`${this.#name}: ${what}: was told ${shown(told)}, and the database says ${shown(truth)}`);
  }

  /** @param isOfShared - the shared rung was asked for it; a local cache has the others */
  #count({ isHit, isOfShared, isFresh }: { readonly isHit: boolean; readonly isOfShared: boolean; readonly isFresh: boolean }, counts: { hits: number }): void {
    const tally = this.#tally();
    if (isOfShared) tally.sharedAsked += 1;
    if (!isHit) return;
    counts.hits += 1;
    if (isFresh) tally.fresh += 1;
    if (!isOfShared) return;
    tally.sharedHits += 1;
    if (isFresh) tally.sharedFresh += 1;
  }

  #isFresh(row: Row, fields: readonly string[]): boolean {
    const [writer, at] = ['writer', 'at'].map((field) => row?.[fields.indexOf(field)]);
    return row !== undefined && writer !== this.#name && Date.now() - Number(at) < SECOND_MS;
  }

  /** TRUNCATE does not respect snapshots: an older one finds the table empty, as PostgreSQL's documentation says, and the cache goes on with what it saw. */
  async #isEmptied(session: Session): Promise<boolean> {
    const isEmpty = await session.count(past({ model: 'item', filter: EVERYTHING })) === 0;
    if (isEmpty) this.#tally().undecided += 1;
    return isEmpty;
  }
}

/** @returns undefined when nobody can say */
function isTrue(told: Row, { before, after, fields, isHit }: { readonly before: { readonly row: Row } | undefined; readonly after: Row; readonly fields: readonly string[]; readonly isHit: boolean }): boolean | undefined {
  if (isDeepStrictEqual(told, after) || (before !== undefined && isDeepStrictEqual(told, before.row))) return true;
  if (before === undefined) return false;
  const [low, here, high] = [before.row, told, after].map((row) => row?.[fields.indexOf('$version')] as bigint | undefined); // bigints, as versions are
  // One of several versions between the two, or a record that was removed and made anew.
  if (low === undefined || high === undefined || here === undefined || high < low || (here > low && here < high)) return undefined;
  // One that was made anew has had its version before. What the database itself has told is of a moment between, and so is what was written between.
  const [from = NaN, at = NaN, to = NaN] = [before.row, told, after].map((row) => Number(row?.[fields.indexOf('at')]));
  const isBetween = !isHit || (from < at && at < to);
  return (here === low || here === high) && isBetween ? undefined : false;
}

function answerOf(source: Pick<Session, 'query' | 'count'> & { group(query: GroupQuery): Promise<Groups> }, { kind, query }: Question): Promise<unknown> {
  switch (kind) {
    case 'query':
      return source.query(query).then(({ ids, columns }) => ({ ids, columns }));
    case 'count':
      return source.count(query);
    case 'group':
      return source.group(query).then(({ count, keys, aggregates }) => ({ count, keys, aggregates }));
  }
}

function asPast(question: Question): Question {
  return question.kind === 'group' ? { kind: 'group', query: past(question.query) } : { kind: question.kind, query: past(question.query) };
}

function rowsOf({ ids, columns }: Columns): ReadonlyMap<StoredId, readonly unknown[]> {
  return new Map(ids.map((id, row) => [id, columns.map((column) => column[row])]));
}
