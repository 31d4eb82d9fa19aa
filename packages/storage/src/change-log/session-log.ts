import { epochOf, LogNames, NamedLog, OutageError, OwnChanges, TABLES_SIGNAL, updatedFields, withOwn, type Change, type ChangeRow, type CommittedImages, type EntryStamp, type Heard, type Isolation, type Schema, type Sight, type Snapshot, type StoredId } from '@ormolu/kernel';
import type { Companion } from '../sql-transaction';
import { ResultColumns } from '../wire/result-columns';
import { quoted } from '../statements/identifiers';
import { isIntroducedBy, reachedFrom, type Introduction } from './introduction';
import { MOST_ROWS, SIGNAL_FUNCTION } from './log-objects';
import type { Statement } from '../wire/statement';
import { OwnImages } from './own-images';
import { askBeginning, askPoll, pollOf, type Beginning } from './poll';
import type { SqlChangeLog } from './sql-change-log';
import { askAltered, PLACE, STRUCTURE } from './structure';

/** A transaction's number, where it is, whether it may have altered tables, and its own rows in the log, each with the place of its command in the transaction. */
const OWN_ROWS_TYPES = ['text', 'text', 'bool', 'text', 'text', 'jsonb', 'text'] as const;

/** The beginning of statements that may make, alter or hide tables, or take rights away; blocks and procedures may do anything. */
const DEFINING = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:create|alter|drop|do|call|select\b[\s\S]*\binto|set\s+(?:local\s+|session\s+)?(?:role|session\s+authorization))\b/i;
const ROLLING_BACK = /\brollback\b/i;

/** What a session with `sight` knows: what it sees, what it has changed, and what it was answered by caches. */
export class SessionLog {
  readonly own: OwnChanges = new OwnChanges();
  /** How it leaves what it writes. */
  readonly images: OwnImages;
  /** What travels with BEGIN. */
  readonly ahead: readonly Companion[];
  readonly #log: SqlChangeLog;
  readonly #introduction: Introduction;
  readonly #isolation: Isolation;
  /** What reads the answers to those, once. */
  #hear: (() => void) | undefined;
  #schema: Schema;
  #names: LogNames;
  #beginning: Beginning | undefined;
  /** Under which snapshot it was told of the log last, also when that was of altered tables. */
  #told: Snapshot | undefined;
  #sight: Sight | undefined;
  /** SQL of the caller's own has changed something: what is read from then on is nobody else's. */
  #isApart = false;
  /** It has changed where names lead, or what they stand for: what others have read is nothing to this transaction, either. */
  #isElsewhere = false;
  #mustTell = false;
  /** The last of the transaction's commands whose rows in the log were read. */
  #lastCommand = -1;
  /** Tables hang together in another way than was known when it began: its statements may reach whatever there is. */
  #mayReachMore = false;
  /** Tables that its statements have named: until it ends, nobody else can add to them what would act behind the next. */
  readonly #locked = new Set<string>();
  /** Another table was written since it was last looked how tables hang together: what acted behind that may be younger than what the transaction sees. */
  #mustLook = false;

  constructor(log: SqlChangeLog, introduction: Introduction, { schema, isolation }: { readonly schema: Schema; readonly isolation: Isolation }) {
    this.#log = log;
    this.#introduction = introduction;
    this.#isolation = isolation;
    this.#schema = schema;
    this.#names = new LogNames(schema);
    this.images = new OwnImages(introduction, schema);
    // Where each statement sees more than the one before, nobody can say under which snapshot the rows were left. Without triggers, who has
    // another column than the database finds that out when it asks for it.
    if (!this.isFixed || log.mode !== 'triggers') this.images.distrust();
    this.ahead = this.#prepare();
  }

  /** Whether what the transaction sees stays the same from its first statement on. */
  get isFixed(): boolean {
    return this.#isolation !== 'read committed' || !this.#log.isShared;
  }

  /** Reading the log would let serializable transactions fail for nothing: they poll outside, and do not read their own rows. */
  get #readsLog(): boolean {
    return this.#isolation !== 'serializable' || !this.#log.isShared;
  }

  /** Takes another version of the models: what is kept under one is nothing to the other. */
  adopt(schema: Schema): void {
    this.#schema = schema;
    this.#names = new LogNames(schema);
    this.images.distrust();
    this.#sight = undefined;
  }

  /** Reads what came with the first answer, if it has come. */
  heard(): void {
    this.#hear?.();
  }

  /** The same when a statement has failed: it may have been the look at a log that is gone, or may not be read any more. Whoever begins next finds that out. */
  failed(): void {
    this.heard();
    if (this.#hear) this.#log.forgetIntroductions();
  }

  /** What it knows of the log, whatever is known of tables. */
  get told(): Heard | undefined {
    if (!this.#told || this.#isElsewhere || !this.#log.knowledge.extent) return undefined;
    return { snapshot: this.#told, log: new NamedLog(this.#log.knowledge, this.#names, this.#version) };
  }

  /** What was seen and stays so, as long as nothing else is sent. */
  get knownSight(): Sight | undefined {
    return this.#isElsewhere || this.#mustLook || this.#isOutdated ? undefined : this.#sight;
  }

  /** @param begin - sends BEGIN when nothing was sent yet */
  async sight(begin: () => Promise<void>): Promise<Sight | undefined> {
    // What a statement before saw is less than what the next one will.
    if (!this.isFixed) this.#told = undefined;
    if (this.#isOutdated) this.#giveUp();
    if (this.#introduction.log === undefined || this.#isElsewhere || this.#mayReachMore) return undefined;
    if (!this.isFixed) {
      const polled = await this.#look();
      return polled && this.#sightOf(polled, this.#beginning ?? polled);
    }
    await begin();
    if (this.#isOutdated) {
      this.#giveUp();
      return undefined;
    }
    const isLooking = this.#mustLook || (!this.#readsLog && !this.#sight);
    if (!this.#beginning || (isLooking && !await this.#look())) return undefined;
    this.#sight ??= this.#sightOf(this.#beginning, this.#beginning);
    return this.#sight;
  }

  /**
   * Polls outside, with a snapshot of now, which tells also whether tables hang together as they did. What came to a table after this transaction's snapshot, and
   * before it was first written here, acts behind that statement, and no catalog that is read inside shows it.
   *
   * @returns undefined also when there is no connection for it: the database itself is still asked, caches are not
   */
  async #look(): Promise<Beginning | undefined> {
    try {
      const polled = await this.#log.poll(this.#introduction);
      if (!this.isFixed) this.#told = polled?.snapshot;
      const isKnown = polled !== undefined && !this.#isOutdated;
      if (!isKnown && this.#mustLook) this.#giveUp();
      if (isKnown) this.#mustLook = false;
      return isKnown ? polled : undefined;
    } catch (error) {
      if (error instanceof OutageError) return undefined;
      throw error;
    }
  }

  /** Somebody has altered tables since this process looked at them, and this transaction goes on with what it knew. */
  get #isOutdated(): boolean {
    return !this.#mayReachMore && this.#log.isOutdated(this.#introduction);
  }

  /** Nobody knows what the statements have changed. */
  #giveUp(): void {
    this.#beginning = undefined;
    this.#sight = undefined;
    this.#mustLook = false;
    this.#mayReachMore = true;
    this.images.distrust();
    this.own.met(this.#allOf(this.#allTables));
  }

  /**
   * The stamp of an answer that was read under the transaction's own snapshot, or under another one. None when it may show what the transaction has done: a
   * statement that hit no record may have set off what nobody has looked for yet.
   */
  stamp(snapshot: Snapshot | undefined = this.#beginning?.snapshot): EntryStamp | undefined {
    if (this.#hasChanged || this.#mustLook || !snapshot || !this.#beginning || this.#isOutdated) return undefined;
    return { snapshot, epoch: this.#epochOf(this.#beginning) };
  }

  /**
   * What to ask before the COMMIT and behind it, in one message, and what to make of the answers: how the transaction has left what it wrote, and its stamp.
   *
   * Triggers that came into being since this process looked may have changed the rows behind its statements: then nothing is known of them. They
   * are asked for behind the COMMIT, because those that are younger than the transaction's snapshot act in it all the same, and are not seen by it.
   */
  closing(): { readonly before: Companion; readonly behind: Companion | undefined; committed(): CommittedImages | undefined } | undefined {
    if (!this.isFixed || !this.own.hasAny) return undefined;
    const [own, structures] = [new ResultColumns(['text']), new ResultColumns(['text'])];
    return {
      before: { statement: { text: 'select pg_current_xact_id_if_assigned()::text', parameters: [], results: 'binary' }, sink: own },
      behind: this.images.hasAny ? { statement: { text: `select ${this.#askStanding()}`, parameters: [], results: 'binary' }, sink: structures } : undefined,
      committed: () => {
        const [xid] = own.columns[0] ?? [];
        const [structure] = structures.columns[0] ?? [];
        if (typeof xid !== 'string' || !this.#beginning) return undefined;
        const isKnown = structure === this.#introduction.structure && !this.#isOutdated;
        if (typeof structure === 'string' && !isKnown) this.#log.forgetIntroductions();
        return { schema: this.#schema, stamp: { snapshot: withOwn(this.#beginning.snapshot, BigInt(xid)), epoch: this.#epochOf(this.#beginning) }, written: isKnown ? this.images.rows() : [] };
      },
    };
  }

  /** Of what the process has heard, it need not be asked again. Where BEGIN has not polled, that may be less than this transaction sees. */
  #askStanding(): string {
    const { standing, seen } = this.#introduction;
    const { xmax, inProgress } = (this.#readsLog ? this.#beginning?.snapshot : this.#log.knowledge.extent?.until) ?? seen;
    return standing === undefined ? STRUCTURE : `${standing}('${String(xmax)}', '{${inProgress.join(',')}}')`;
  }

  /** What tells others, before the commit, that tables may have been altered, of which the log has no rows; undefined when there is nothing to tell. */
  telling(): Statement | undefined {
    if (!this.#mustTell) return undefined;
    this.#mustTell = false;
    return { text: `select ${this.#introduction.namespace}.${SIGNAL_FUNCTION}(array['${TABLES_SIGNAL}'])`, parameters: [], results: 'none' };
  }

  /** Notes a statement that was told to change records. @param fields - null: they come or go */
  wrote(model: string, ids: readonly StoredId[], fields: readonly string[] | null): void {
    this.own.wrote(model, ids, fields && updatedFields(this.#schema, model, fields));
  }

  /** The same for SQL of the caller's own. Of what it does to tables themselves, the log has no rows. */
  learningOf(text: string): ReturnType<SessionLog['learning']> {
    this.#isElsewhere ||= DEFINING.test(text);
    // A savepoint of its own may be taken back, and let go of locks.
    if (ROLLING_BACK.test(text)) this.#locked.clear();
    return this.learning(undefined, false);
  }

  /** The same for a question. Of views, and tables with policies, that call functions, it may change anything. */
  learningOfQuestion(text: string): ReturnType<SessionLog['learning']> {
    for (const table of this.#introduction.calling) if (text.includes(quoted(table))) return this.learning(undefined, false);
    return undefined;
  }

  /**
   * What reads the transaction's own rows of the log, behind a statement that may change more than it says.
   * @param model - absent: SQL of the caller's own
   * @returns the statement to send behind it, and what to call with its answer; undefined when there is nothing to learn
   */
  learning(model: string | undefined, isDelete: boolean): { readonly then: readonly Companion[]; learn(): void } | undefined {
    const table = model === undefined ? undefined : this.#schema.table(model).table;
    const reached = isDelete && table !== undefined ? reachedFrom(this.#introduction, table) : [];
    const { unpredictable } = this.#introduction;
    if (this.#isOutdated) this.#giveUp();
    const isUnpredictable = table === undefined || this.#mayReachMore || unpredictable.has(table) || reached.some((one) => unpredictable.has(one));
    if (this.#introduction.log === undefined || (!isUnpredictable && reached.length === 0)) return undefined;
    this.images.unforeseen(isUnpredictable ? undefined : table);
    // Elsewhere one may not read the log, nor does it tell what became of tables: then all may have changed.
    const reads = this.#readsLog && this.#log.mode === 'triggers' && !this.#isElsewhere;
    const sink = new ResultColumns(reads ? OWN_ROWS_TYPES : ['text', 'text', 'bool']);
    const here = this.#askHere({ isForeign: table === undefined, reads });
    const text = reads
      ? `select t.xid::text, t.place, t.altered, l.model, l.id, to_jsonb(l.fields), l.cmin::text from (${here}) t left join ${this.#introduction.log} l on l.xid = t.xid and l.cmin::text::int8 > ${this.#lastCommand} limit ${MOST_ROWS + 1}`
      : `select t.xid::text, t.place, t.altered from (${here}) t`;
    return {
      then: [{ statement: { text, parameters: [], results: 'binary' }, sink }],
      learn: () => {
        if (this.#isOutdated) this.#giveUp();
        const [xid, place, altered] = sink.columns.map(([value]) => value);
        const isHere = place === this.#introduction.place;
        this.#isElsewhere ||= !isHere || altered !== null;
        this.#mustTell = isHere && (this.#mustTell || altered === true);
        this.#isApart ||= this.#isElsewhere || typeof xid === 'string';
        if (typeof xid !== 'string') return;
        const rows = reads && altered === null && sink.rows <= MOST_ROWS ? this.#ownRows(sink) : undefined;
        if (rows) for (const command of sink.columns[6] ?? []) this.#lastCommand = Math.max(this.#lastCommand, Number(command ?? -1));
        this.own.met(rows ?? this.#allOf(isUnpredictable ? this.#allTables : reached));
        if (!rows && !isUnpredictable && model !== undefined) this.unlearnt(model);
      },
    };
  }

  /** Behind a statement of which nothing but what it says is known. It may have carried the BEGIN that has told otherwise. */
  unlearnt(model: string): void {
    const { table } = this.#schema.table(model);
    if (this.#isOutdated) this.#giveUp();
    else if (this.#mayReachMore) this.own.met(this.#allOf(this.#allTables));
    else if (this.#log.isShared && !this.#locked.has(table)) {
      this.#locked.add(table);
      this.#mustLook = true;
    }
  }

  /** A savepoint has taken statements back, and with them their locks. */
  backTo(images: number): void {
    this.images.backTo(images);
    this.own.forgetTold();
    this.#locked.clear();
  }

  /** What asks for the transaction's number, where it is, and whether functions that SQL of the caller's own called may have altered tables. */
  #askHere({ isForeign, reads }: { readonly isForeign: boolean; readonly reads: boolean }): string {
    const own = 'pg_current_xact_id_if_assigned()';
    return `select ${own} as xid, ${PLACE} as place, ${isForeign ? `case when ${own} is not null then ${askAltered(this.#introduction.namespace, reads ? this.#introduction.log : undefined)} end` : 'null::bool'} as altered offset 0`;
  }

  #prepare(): readonly Companion[] {
    const { log } = this.#introduction;
    if (log === undefined) return [];
    if (!this.isFixed || !this.#readsLog) {
      const beginning = askBeginning(log);
      const told = beginning.sink();
      this.#hear = () => {
        if (told.rows > 0) this.#isHere(beginning.read(told));
      };
      return [{ statement: beginning.statement, sink: told }];
    }
    const { reach } = this.#log;
    const poll = askPoll({ log, poll: this.#introduction.poll }, reach);
    this.#hear = () => {
      const polled = poll.read();
      if (!polled || !this.#isHere(polled.beginning)) return;
      this.#log.learn(pollOf(polled, { introduction: this.#introduction, ...reach }), this.#introduction);
    };
    return poll.companions;
  }

  /** Takes in where the transaction is. @returns whether that is where the introduction was made */
  #isHere(beginning: Beginning | undefined): boolean {
    this.#hear = undefined;
    const isHere = beginning !== undefined && isIntroducedBy(this.#introduction, beginning);
    this.#mayReachMore = !isHere && beginning?.home === this.#introduction.home;
    if (isHere) {
      this.#beginning = beginning;
      if (this.isFixed) this.#told = beginning.snapshot;
    } else this.#log.forgetIntroductions();
    return isHere;
  }

  get #hasChanged(): boolean {
    return this.own.hasAny || this.#isApart;
  }

  get #version(): string {
    return `${this.#schema.digest}${this.#introduction.mark}`;
  }

  #epochOf({ timeline }: Beginning): string {
    return epochOf(`${this.#introduction.epoch}/${timeline}`, this.#version);
  }

  #sightOf({ snapshot }: Beginning, own: Beginning): Sight {
    const { uncachable } = this.#introduction;
    return {
      snapshot,
      epoch: this.#epochOf(own),
      log: new NamedLog(this.#log.knowledge, this.#names, this.#version),
      isChangedHere: (tag) => this.own.has(tag),
      hasChanged: () => this.#hasChanged,
      whyUncachable: (model) => uncachable.get(model),
    };
  }

  get #allTables(): readonly string[] {
    return this.#schema.tables.map(({ table }) => table);
  }

  #ownRows({ columns: [, , , models = [], ids = [], fields = []] }: ResultColumns): readonly Change[] {
    const kin = new Set((models as (string | null)[]).flatMap((model) => (model === null ? [] : this.#introduction.kin.get(model) ?? []))); // texts
    const rows = models.flatMap((model, n) => (model === null ? [] : this.#names.inSchema({ model, id: ids[n], fields: fields[n] } as Omit<ChangeRow, 'xid'>) ?? [])); // as the statement asks for them
    return [...rows, ...this.#allOf([...kin, ...this.#introduction.untold])];
  }

  #allOf(tables: readonly string[]): readonly Change[] {
    return tables.flatMap((name) => this.#names.inSchema({ model: name, id: null, fields: null }) ?? []);
  }
}
