import {
  whyStale, type CachedRead, type Columns, type Commit, type CommittedImages, type EntryStamp, type GroupQuery, type Groups, type Query, type ReadQuestion, type Rung, type RungCapabilities, type RungStats, type Session, type Sight, type WrittenRows,
} from '@ormolu/kernel';
import { asksForAllOrNone, inOrder, NONE, tellAnswer, together } from '../joined-answers';
import { KeyWarnings } from '../local/key-warnings';
import { epochBytes } from './kept-form';
import type { RecordCache, SharedCaches } from './record-caches';
import { isGroups, isIds, SharedAnswers, type KeptAnswer, type SharedCommand } from './shared-answers';
import { SharedCounts, type SharedMiss, type SharedModelCounts } from './shared-counts';
import { joinedRow, rowsOf, SharedRecords, type Shared } from './shared-records';

/** The shared rung's figures. */
export interface SharedRungStats extends RungStats {
  readonly models: Readonly<Record<string, SharedModelCounts>>;
}

/** Beyond it a cache server would be kept busy for longer than the database. */
const MOST_RECORDS = 2_000;
/** Fills that may be under way; beyond it they are left out. */
const MOST_FILLS = 200;

/**
 * The third rung: answers from what the processes of a fleet have put into shared caches, as far as it holds for the reader, and puts there what it had to ask for.
 *
 * The servers are not believed: an entry says under which snapshot it was read, and `whyStale` decides for each reader, as it does of what the
 * process itself keeps. Fills are made in the background; those that come late, or not at all, change nothing but the share of hits.
 * @see docs/protocol.md, docs/shared-cache.md
 */
export class SharedRung implements Rung {
  readonly name = 'shared';
  readonly capabilities: RungCapabilities = { sharedAcrossTransactions: true, sharedAcrossProcesses: true };
  readonly #warnings: KeyWarnings;
  readonly #below: Rung;
  readonly #caches: SharedCaches;
  readonly #answers: SharedAnswers;
  readonly #counts = new SharedCounts();
  readonly #fills = new Set<Promise<unknown>>();

  /** @param warnings - whom keys are warned of with that several queries share */
  constructor(below: Rung, caches: SharedCaches, warnings: KeyWarnings = new KeyWarnings()) {
    this.#warnings = warnings;
    this.#below = below;
    this.#caches = caches;
    this.#answers = new SharedAnswers(caches);
  }

  async read(session: Session, question: ReadQuestion): Promise<Columns> {
    const cache = this.#cacheFor(session, question.model);
    if (!cache || question.ids.length === 0) return this.#below.read(session, question);
    const { model, ids, fields } = question;
    this.#counts.questions += 1;
    const { records: counts } = this.#counts.of(model);
    counts.asked += ids.length;
    const reason = ids.length > MOST_RECORDS ? 'too many' : cache.mayHold(session.schema.table(model), fields) ? undefined : 'sensitive';
    if (reason !== undefined) {
      counts.miss(reason, ids.length);
      return this.#below.read(session, question);
    }
    const records = this.#records(cache, session, model);
    const looked = await records.lookUp(ids, fields);
    const isWhole = asksForAllOrNone(session);
    // Where nothing can be answered, a look at the log would be a round trip for nothing: the question carries it.
    const isHopeless = looked.usable === 0 || (isWhole && looked.usable < looked.ids.length);
    const sight = isHopeless ? undefined : await session.sight?.();
    const shared = sight && records.judge(looked, sight, fields);
    if (!shared || (isWhole && shared.missing.length > 0)) {
      if (shared) for (const one of shared.reasons) counts.miss(one);
      else for (const one of looked.candidates) counts.miss(typeof one === 'string' ? one : !one.isUsable ? 'other fields' : isHopeless ? 'asked along' : 'not watched');
      counts.miss('asked along', shared?.known.length ?? 0);
      const answer = await this.#below.read(session, { ...question, stamped: true });
      const { stamp: below } = answer;
      if (below) this.#fill(() => records.fill(looked, below, rowsOf(question, answer)));
      return answer;
    }
    counts.hits += shared.known.length;
    for (const one of shared.reasons) counts.miss(one);
    const stamp = stampOf(sight);
    if (shared.aging.length > 0) this.#fill(() => records.fill(looked, stamp, shared.aging));
    if (shared.known.length > 0) this.#tellRead(session, { ...question, ids: shared.known }, { cache, sight, shared });
    if (shared.missing.length === 0) return { ids: shared.ids, columns: shared.columns, stamp };
    const missing = { ...question, ids: shared.missing };
    const rest = await this.#below.read(session, { ...missing, stamped: true });
    const { stamp: below } = rest;
    if (below) this.#fill(() => records.fill(looked, below, rowsOf(missing, rest).map(({ id, row }) => ({ id, row: row && joinedRow(row, shared.others.get(id)) }))));
    return { ...together(shared, rest), ...(below ? { stamp: below } : {}) };
  }

  async query(session: Session, query: Query): Promise<Columns> {
    const command = session.sight && this.#answers.search(session.schema, query);
    if (!command) return this.#askQuery(session, query);
    const looked = await this.#look(command);
    const found = looked.reason === undefined ? await this.#found(session, command, { looked, query }) : undefined;
    if (found) return found;
    const askedAtMs = command.cache.calendar.now();
    const answer = await this.#askQuery(session, { ...query, stamped: true });
    if (answer.stamp) this.#keep(command, looked, { stamp: answer.stamp, answer: [...answer.ids], askedAtMs });
    return answer;
  }

  async count(session: Session, query: Query): Promise<number> {
    const { model, filter, keys, caching } = query;
    const command = session.sight && this.#answers.count(session.schema, query);
    // A group of all is the same question, and its answer says under which snapshot it was found.
    const groups = command && await this.#group(session, { model, filter, by: [], aggregates: [{ function: 'count' }], ...(keys ? { keys } : {}), ...(caching ? { caching } : {}) }, command);
    return groups ? Number(groups.aggregates[0]?.[0]) : this.#below.count(session, query);
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    const command = session.sight && this.#answers.group(session.schema, query);
    return command ? this.#group(session, query, command) : this.#below.group(session, query);
  }

  /** Puts how the transaction has left what it changed where others find it. What is there of the rest is not true for those who come after, as they find out. */
  async publish(commit: Commit): Promise<void> {
    const { images } = commit;
    if (images) for (const written of images.written) this.#fill(() => this.#keepWritten(images, written));
    await this.#below.publish(commit);
  }

  stats(): readonly (RungStats | SharedRungStats)[] {
    const own: SharedRungStats = { rung: this.name, questions: this.#counts.questions, ...this.#counts.total(), models: this.#counts.models() };
    return [own, ...this.#below.stats()];
  }

  #cacheFor(session: Session, model: string): RecordCache | undefined {
    return session.sight && this.#caches.of(model);
  }

  #records(cache: RecordCache, { schema }: Pick<Session, 'schema'>, model: string): SharedRecords {
    return new SharedRecords(cache, schema, { model, tally: this.#counts.of(model) });
  }

  /** The answer of the rung below, whose rows are kept as records. */
  async #askQuery(session: Session, query: Query): Promise<Columns> {
    const { model, fields = [] } = query;
    const cache = query.caching?.use === 'none' || fields.length === 0 ? undefined : this.#cacheFor(session, model);
    if (!cache?.mayHold(session.schema.table(model), fields)) return this.#below.query(session, query);
    const answer = await this.#below.query(session, { ...query, stamped: true });
    const { stamp, ids } = answer;
    if (stamp && ids.length <= MOST_RECORDS) this.#fill(() => this.#records(cache, session, model).keep(stamp, rowsOf({ ids, fields }, answer)));
    return answer;
  }

  /** What a commit has left of fields that may be kept. */
  async #keepWritten({ schema, stamp }: CommittedImages, { model, fields, rows }: WrittenRows): Promise<void> {
    const cache = this.#caches.of(model);
    const table = schema.table(model);
    const kept = cache ? fields.filter((field) => cache.mayHold(table, [field])) : [];
    if (!cache || kept.length === 0) return;
    const places = kept.map((field) => fields.indexOf(field));
    await this.#records(cache, { schema }, model).keep(stamp, Array.from(rows, ([id, values]) => ({ id, row: values && { fields: kept, values: places.map((place) => values[place]) } })));
  }

  async #look(command: SharedCommand): Promise<KeptAnswer> {
    this.#counts.questions += 1;
    this.#counts.of(command.model).queries.asked += 1;
    const looked = await this.#answers.look(command);
    if (looked.reason !== undefined) this.#missed(command, looked.reason);
    return looked;
  }

  /** The records that a kept answer found, with their columns as far as they are kept. */
  async #found(session: Session, command: SharedCommand, { looked, query }: { readonly looked: KeptAnswer; readonly query: Query }): Promise<Columns | undefined> {
    const held = await this.#holding(session, command, looked, isIds);
    if (!held) return undefined;
    const { sight, answer: ids } = held;
    const { model, fields = [] } = query;
    const { fields: _, caching: __, stamped: ___, ...question } = query;
    const asked: CachedRead = { kind: 'query', question, answer: { ids, columns: [] }, tags: command.tags };
    if (fields.length === 0 || ids.length === 0) return this.#hit(session, command, { ...held, reads: [asked], answer: { ids, columns: fields.map(() => []), stamp: stampOf(sight), ageMs: this.#ageMs(command, looked) } });
    const cache = this.#caches.of(model);
    if (!cache?.mayHold(session.schema.table(model), fields) || ids.length > MOST_RECORDS) {
      this.#missed(command, 'asked along');
      return undefined;
    }
    const records = this.#records(cache, session, model);
    const found = await records.lookUp(ids, fields);
    const shared = records.judge(found, sight, fields);
    if (shared.missing.length > 0 && (asksForAllOrNone(session) || shared.known.length === 0)) {
      this.#missed(command, 'asked along');
      return undefined;
    }
    const missing = { model, fields, ids: shared.missing };
    const rest = missing.ids.length > 0 ? await this.#below.read(session, { ...missing, stamped: true }) : NONE;
    const { stamp } = missing.ids.length > 0 ? rest : { stamp: stampOf(sight) };
    if (stamp && missing.ids.length > 0) this.#fill(() => records.fill(found, stamp, rowsOf(missing, rest)));
    const answer = inOrder(ids, together(shared, rest));
    if (!answer) {
      // All of them exist for the reader, or the answer would not hold for him.
      this.#missed(command, 'changed between');
      return undefined;
    }
    this.#tellRead(session, { model, fields, ids: shared.known }, { cache, sight, shared });
    return this.#hit(session, command, { ...held, reads: [asked], answer: { ...answer, ...(stamp ? { stamp } : {}), ageMs: this.#ageMs(command, looked) } });
  }

  async #group(session: Session, query: GroupQuery, command: SharedCommand): Promise<Groups> {
    const looked = await this.#look(command);
    const held = looked.reason === undefined ? await this.#holding(session, command, looked, isGroups) : undefined;
    if (held) {
      const { count, keys, aggregates } = held.answer;
      const answer = { count, keys, aggregates };
      return this.#hit(session, command, { ...held, reads: [{ kind: 'group', question: { ...query, caching: undefined }, answer, tags: command.tags }], answer: { ...answer, stamp: stampOf(held.sight), ageMs: this.#ageMs(command, looked) } });
    }
    const askedAtMs = command.cache.calendar.now();
    const groups = await this.#below.group(session, { ...query, stamped: true });
    const { stamp, count, keys, aggregates } = groups;
    if (stamp) this.#keep(command, looked, { stamp, answer: { count, keys, aggregates }, askedAtMs });
    return groups;
  }

  /** How long ago the database was asked. */
  #ageMs({ cache }: SharedCommand, { found }: KeptAnswer): number {
    const [entry] = found.entries;
    return entry ? Math.max(0, cache.calendar.now() - entry.readAtMs) : 0;
  }

  /** What an entry says, if it holds for the reader. */
  async #holding<T>(session: Session, command: SharedCommand, { kept }: KeptAnswer, isAnswer: (value: unknown) => value is T): Promise<Holding<T> | undefined> {
    const sight = await session.sight?.();
    const entry = kept && sight && { snapshot: kept.snapshot, epoch: sight.epoch };
    const told = !entry ? 'not watched' : !kept.epoch.equals(epochBytes(sight.epoch)) ? 'another epoch' : whyStale(sight, entry, command.tags) ?? this.#answers.read(kept, command, isAnswer);
    if (entry && typeof told === 'object') return { sight, entry, answer: told.answer };
    this.#missed(command, typeof told === 'string' ? told : 'unreadable');
    return undefined;
  }

  #hit<T, A>(session: Session, command: SharedCommand, { sight, entry, reads, answer }: Omit<Holding<T>, 'answer'> & { readonly reads: readonly CachedRead[]; readonly answer: A }): A {
    this.#counts.of(command.model).queries.hits += 1;
    session.noteCached?.(reads);
    tellAnswer({ model: command.model, fields: [] }, { rung: this.name, cache: command.cache.name, sight, stamps: new Map([[entry, []]]), tags: command.tags });
    return answer;
  }

  #missed({ model, caching }: SharedCommand, reason: SharedMiss): void {
    if (reason === 'another question') this.#warnings.warn(model, caching.key);
    this.#counts.of(model).queries.miss(reason);
  }

  #tellRead(session: Session, question: ReadQuestion, { cache, sight, shared }: { readonly cache: RecordCache; readonly sight: Sight; readonly shared: Shared }): void {
    const { stamped: _, ...asked } = question;
    session.noteCached?.([{ kind: 'read', question: asked, answer: { ids: shared.ids, columns: shared.columns } }]);
    tellAnswer(question, { rung: this.name, cache: cache.name, sight, stamps: shared.stamps, tags: question.ids.map((id) => ({ model: question.model, id })) });
  }

  #keep(command: SharedCommand, looked: KeptAnswer, answer: { readonly stamp: EntryStamp; readonly answer: unknown; readonly askedAtMs: number }): void {
    this.#fill(() => this.#answers.keep(command, looked, answer).then((isNews) => {
      if (isNews) this.#counts.of(command.model).fills += 1;
    }));
  }

  /** Nobody waits for it. */
  #fill(fill: () => Promise<unknown>): void {
    if (this.#fills.size >= MOST_FILLS) return;
    const one = fill().catch((error: unknown) => process.emitWarning(`The shared rung could not keep an answer: ${String(error)}`, { code: 'TIER_FILL' })).finally(() => this.#fills.delete(one));
    this.#fills.add(one);
  }

  /** When all that is being put into caches is there, or given up. */
  async settled(): Promise<void> {
    while (this.#fills.size > 0) await Promise.all(this.#fills);
  }
}

/** An answer that holds for a reader. */
interface Holding<T> {
  readonly sight: Sight;
  readonly entry: EntryStamp;
  readonly answer: T;
}

/** What holds for a reader is what he would read: it may be kept on as of his own snapshot. */
function stampOf({ snapshot, epoch }: Sight): EntryStamp {
  return { snapshot, epoch };
}
