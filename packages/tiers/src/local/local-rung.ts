import {
  MisuseError, systemClock, whyStale, type CachedRead, type Clock, type Columns, type Commit, type EntryStamp, type GroupQuery, type Groups,
  type Query, type ReadQuestion, type Rung, type RungCapabilities, type RungStats, type Session, type Sight, type StoredId,
} from '@ormolu/kernel';
import { asksForAllOrNone, inOrder, NONE, tellAnswer, together } from '../joined-answers';
import { Answers, type Command } from './answers';
import { countHeld, heldRecords, keepRecords, keepWritten, meetsOthers } from './held-records';
import { KeyWarnings } from './key-warnings';
import type { LocalCache } from './local-cache';
import { LocalCounts, type ModelCounts } from './local-counts';
import type { CommandEntry, QueryCache } from './query-cache';
import { countKey, groupKey, searchKey } from './query-key';
import { countTags, groupTags, searchTags } from './query-tags';

/** The local rung's figures. */
export interface LocalRungStats extends RungStats {
  readonly models: Readonly<Record<string, ModelCounts>>;
}

/** What a local rung works with beside its cache. */
export interface LocalRungOptions {
  /** @defaultValue the process's monotonic clock */
  readonly clock?: Clock | undefined;
  /** The named caches that queries may ask for. @throws {MisuseError} TIER_CACHE_UNKNOWN @defaultValue there are none */
  readonly named?: ((name: string) => QueryCache) | undefined;
  /** Whom keys are warned of with that several queries share. @defaultValue nobody else */
  readonly warnings?: KeyWarnings | undefined;
}

/**
 * The second rung: answers from the records and answers that earlier transactions of this process met, as far as they hold for the reader,
 * and keeps what it had to ask for.
 *
 * Whether an entry holds is decided by `whyStale` for each reader; nothing here depends on when or in which order entries came.
 * @see docs/protocol.md, docs/local-cache.md
 */
export class LocalRung implements Rung {
  readonly name = 'local';
  readonly capabilities: RungCapabilities = { sharedAcrossTransactions: true, sharedAcrossProcesses: false };
  readonly #below: Rung;
  readonly #cache: LocalCache;
  readonly #clock: Clock;
  readonly #counts = new LocalCounts();
  readonly #answers: Answers;

  constructor(below: Rung, cache: LocalCache, { clock = systemClock, named = noNamedCache, warnings = new KeyWarnings() }: LocalRungOptions = {}) {
    this.#below = below;
    this.#cache = cache;
    this.#clock = clock;
    this.#answers = new Answers({ cache, counts: this.#counts, clock, named, warnings });
  }

  async read(session: Session, question: ReadQuestion): Promise<Columns> {
    if (!this.#cache.isEnabled || !session.sight || question.ids.length === 0) return this.#below.read(session, question);
    this.#counts.questions += 1;
    const counts = this.#counts.of(question.model).records;
    counts.asked += question.ids.length;
    const isWhole = asksForAllOrNone(session);
    const some = countHeld(this.#cache.records, question, isWhole ? undefined : 1);
    // Where nothing can be answered, a look at the log would be a round trip for nothing: the question carries it.
    const isHopeless = some === 0 || (isWhole && some < question.ids.length);
    const sight = isHopeless ? undefined : await session.sight();
    const held = sight && heldRecords(this.#cache.records, sight, question);
    if (!held || (isWhole && held.missing.length > 0)) {
      for (const reason of held ? held.reasons : []) counts.miss(reason, 1);
      if (held) counts.miss('asked along', held.known.length);
      else {
        const kept = isHopeless ? some : countHeld(this.#cache.records, question);
        counts.miss('not kept', question.ids.length - kept);
        counts.miss(isHopeless ? 'asked along' : 'not watched', kept);
      }
      return this.#ask(session, question, sight);
    }
    counts.hits += held.known.length;
    for (const reason of held.reasons) counts.miss(reason, 1);
    if (held.known.length > 0) {
      session.noteCached?.([{ kind: 'read', question: { ...question, ids: held.known }, answer: held }]);
      tellAnswer(question, { rung: this.name, sight, stamps: held.stamps, tags: held.known.map((id) => ({ model: question.model, id })) });
    }
    if (held.missing.length === 0) return { ids: held.ids, columns: held.columns, ...stampFor(question, sight) };
    const rest = await this.#ask(session, { ...question, ids: held.missing }, sight);
    return { ...together(held, rest), ...rest.stamp && stampFor(question, sight) };
  }

  async query(session: Session, query: Query): Promise<Columns> {
    if (query.caching?.use === 'none') return this.#below.query(session, query);
    const command = this.#answers.commandOf(session, query, () => ({ key: searchKey(query), tags: searchTags(session.schema, query) }));
    if (!command) return this.#askQuery(session, query, this.#cache.isEnabled);
    const found = await this.#found(session, command, query);
    if (found) return found;
    const askedAtMs = this.#clock.now();
    const answer = await this.#askQuery(session, query, true);
    if (answer.stamp) await this.#answers.keep(command, { stamp: answer.stamp, answer: Object.freeze([...answer.ids]), askedAtMs, ageMs: answer.ageMs, results: answer.ids.length });
    return answer;
  }

  async count(session: Session, query: Query): Promise<number> {
    const { model, filter, keys, caching } = query;
    const command = this.#answers.commandOf(session, { model, caching }, () => ({ key: countKey(query), tags: countTags(session.schema, query) }));
    // A group of all is the same question, and its answer says under which snapshot it was found.
    const groups = command && await this.#group(session, { model, filter, by: [], aggregates: [{ function: 'count' }], ...(keys ? { keys } : {}), ...(caching ? { caching } : {}) }, command);
    return groups ? Number(groups.aggregates[0]?.[0]) : this.#below.count(session, query);
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    const command = this.#answers.commandOf(session, { model: query.model, caching: query.caching }, () => ({ key: groupKey(query), tags: groupTags(session.schema, query) }));
    return command ? this.#group(session, query, command) : this.#below.group(session, query);
  }

  /** Keeps how the transaction has left what it changed; where nobody knows, what was kept would only be in the way of those who read it next. */
  publish(commit: Commit): Promise<void> {
    const { records, isEnabled } = this.#cache;
    const { written = [] } = commit.images ?? {};
    for (const [model, ids] of commit.changed) {
      const rows = written.find((one) => one.model === model)?.rows;
      records.invalidate(model, rows ? [...ids].filter((id) => !rows.has(id)) : ids);
    }
    if (isEnabled && commit.images) keepWritten(records, commit.images);
    return this.#below.publish(commit);
  }

  stats(): readonly (RungStats | LocalRungStats)[] {
    const own: LocalRungStats = { rung: this.name, questions: this.#counts.questions, ...this.#counts.total(), models: this.#counts.models() };
    return [own, ...this.#below.stats()];
  }

  async #ask(session: Session, question: ReadQuestion, sight: Sight | undefined): Promise<Columns> {
    const answer = await this.#below.read(session, { ...question, stamped: true });
    await this.#keepRecords(session, question, { answer, sight });
    return answer;
  }

  async #askQuery(session: Session, query: Query, isKept: boolean): Promise<Columns> {
    if (!isKept || !session.sight) return this.#below.query(session, query);
    const answer = await this.#below.query(session, { ...query, stamped: true });
    await this.#keepRecords(session, { model: query.model, fields: query.fields ?? [], ids: answer.ids }, { answer, sight: undefined });
    return answer;
  }

  /** Once a question has been sent, a sight costs nothing more, except at READ COMMITTED: there, images of other columns are replaced. */
  async #keepRecords(session: Session, question: ReadQuestion, { answer, sight }: { readonly answer: Columns; readonly sight: Sight | undefined }): Promise<void> {
    const { records, isEnabled } = this.#cache;
    if (!answer.stamp || !isEnabled || question.fields.length === 0) return;
    const eye = sight ?? (session.isolation !== 'read committed' && meetsOthers(records, question) ? await session.sight?.() : undefined);
    if (this.#cache.isEnabled) keepRecords(records, question, { answer, sight: eye });
  }

  /** The records that an earlier answer found, with their columns as far as images have them. */
  async #found(session: Session, command: Command, query: Query): Promise<Columns | undefined> {
    const entry = await this.#answers.look(command);
    const { model, fields = [] } = query;
    const ids = entry?.answer as readonly StoredId[] | undefined; // what a search's key stands for
    if (!entry || !ids) return undefined;
    const question: ReadQuestion = { model, ids, fields };
    const isWhole = asksForAllOrNone(session);
    const wantsColumns = fields.length > 0 && ids.length > 0;
    const kept = wantsColumns ? countHeld(this.#cache.records, question, isWhole ? undefined : 1) : 0;
    // Its columns have to be asked for: then the whole is one question, too.
    if (wantsColumns && (kept === 0 || (isWhole && kept < ids.length))) return this.#answers.missed(command, 'asked along');
    const sight = await session.sight?.();
    const reason = sight ? whyStale(sight, entry.stamp, command.tags) : 'not watched';
    if (!sight || reason !== undefined) return this.#answers.missed(command, reason ?? 'not watched');
    if (!wantsColumns) return this.#hit(session, command, { sight, entry, reads: [asked(query, ids, command)], answer: { ids: [...ids], columns: fields.map(() => []), ...stampFor(query, sight) } });
    const held = heldRecords(this.#cache.records, sight, question);
    if (held.missing.length > 0 && (isWhole || held.known.length === 0)) return this.#answers.missed(command, 'asked along');
    const rest = held.missing.length > 0 ? await this.#ask(session, { ...question, ids: held.missing }, sight) : NONE;
    const found = inOrder(ids, together(held, rest));
    // All of them exist for the reader, or the answer would not hold for him.
    if (!found) return this.#answers.missed(command, 'changed between');
    tellAnswer(question, { rung: this.name, sight, stamps: held.stamps, tags: held.known.map((id) => ({ model, id })) });
    const answer = { ...found, ...(held.missing.length === 0 || rest.stamp) && stampFor(query, sight) };
    return this.#hit(session, command, { sight, entry, reads: [asked(query, ids, command), { kind: 'read', question: { ...question, ids: held.known }, answer: held }], answer });
  }

  async #group(session: Session, query: GroupQuery, command: Command): Promise<Groups> {
    const entry = await this.#answers.look(command);
    const sight = entry && await session.sight?.();
    if (entry) {
      const reason = sight ? whyStale(sight, entry.stamp, command.tags) : 'not watched';
      const answer = entry.answer as Groups; // what a group's key stands for
      if (sight && reason === undefined) return this.#hit(session, command, { sight, entry, reads: [{ kind: 'group', question: { ...query, caching: undefined }, answer, tags: command.tags }], answer: { ...answer, ...stampFor(query, sight) } });
      this.#answers.missed(command, reason ?? 'not watched');
    }
    const askedAtMs = this.#clock.now();
    const groups = await this.#below.group(session, { ...query, stamped: true });
    const { stamp, ageMs, ...answer } = groups;
    if (stamp) await this.#answers.keep(command, { stamp, answer: frozen(answer), askedAtMs, ageMs, results: groups.count });
    return groups;
  }

  #hit<T>(session: Session, command: Command, { sight, entry, reads, answer }: { readonly sight: Sight; readonly entry: CommandEntry; readonly reads: readonly CachedRead[]; readonly answer: T }): T {
    this.#answers.hit(command);
    session.noteCached?.(reads);
    tellAnswer({ model: command.model, fields: [] }, { rung: this.name, sight, stamps: new Map([[entry.stamp, []]]), tags: command.tags });
    return answer;
  }
}

/** What holds for a reader is what he would have read, under his own snapshot. */
function stampFor({ stamped }: { readonly stamped?: boolean | undefined }, { snapshot, epoch }: Sight): { readonly stamp?: EntryStamp } {
  return stamped === true ? { stamp: { snapshot, epoch } } : {};
}

function noNamedCache(name: string): never {
  throw new MisuseError('TIER_CACHE_UNKNOWN', `There is no cache '${name}': no named caches were given.`);
}

function asked(query: Query, ids: readonly StoredId[], { tags }: Command): CachedRead {
  const { fields: _, caching: __, ...question } = query;
  return { kind: 'query', question, answer: { ids, columns: [] }, tags };
}

/** Many will be given the same lists. */
function frozen({ count, keys, aggregates }: Groups): Groups {
  for (const list of [...keys, ...aggregates]) Object.freeze(list);
  return Object.freeze({ count, keys: Object.freeze(keys), aggregates: Object.freeze(aggregates) });
}
