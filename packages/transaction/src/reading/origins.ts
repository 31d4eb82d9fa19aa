import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ContextKey } from '@ormolu/cache';
import { channels, FlowVariable, type AnsweredEntry, type AnswerEvent, type ChangeRow, type Id, type StatementEvent } from '@ormolu/kernel';
import type { Field, OriginName } from '@ormolu/registry';
import type { UndoLog } from '../undo/undo-log';

/** Who answered a question, and what the database was sent for it. */
export interface Source {
  readonly rung: string | undefined;
  readonly statement: string | undefined;
  /** What caches answered, and the rows of the change log by which it was judged. */
  readonly cached: Cached;
}

/** The part of an answer that caches gave. */
export interface Cached {
  readonly entries: readonly (AnsweredEntry & { readonly rung: string; readonly cache?: string | undefined })[];
  readonly log: readonly ChangeRow[];
}

/** One thing that happened to a value: it came to be, or a change elsewhere marked it to be computed anew. */
export interface Step {
  readonly what: OriginName | 'marked';
  /** Of fetched values. */
  readonly source?: Source | undefined;
  /** Of marks: the field that changed; undefined when the record was new. */
  readonly cause?: Field | undefined;
  /** Of marks: its records, as far as they are known. */
  readonly ids?: readonly Id[] | undefined;
  /** In which context, of a field that depends on one; undefined: in all. */
  readonly key?: ContextKey | undefined;
}

/** The context in which an environment sees a field, where that matters. */
export function originKey(env: { cacheKey(field: Field): ContextKey }, field: Field): ContextKey | undefined {
  return field.dependsContext.length > 0 ? env.cacheKey(field) : undefined;
}

/** How many steps are kept of one value, the newest. */
const STEPS = 16;
/** Of how many records of a field steps are kept, those last met. */
const RECORDS = 10_000;

interface Hearing {
  readonly rungs: Set<string>;
  readonly entries: Cached['entries'][number][];
  readonly log: ChangeRow[];
  statement: string | undefined;
}

/** Which question of which transaction the current flow of calls is about. */
const hearing = new FlowVariable<Hearing>();

/**
 * What happened to the values of a transaction that was opened with `explain: true`: which were fetched, by whom, and which changed why.
 *
 * It holds no values. What an undone piece of work did is taken back from it, too.
 */
export class Origins {
  readonly #steps = new Map<Field, Map<Id, readonly Step[]>>();
  readonly #sources = new WeakMap<readonly Id[], Source>();
  readonly #undo: UndoLog;
  /** What a rollback that is running has taken back. */
  #restored: Map<Field, Set<Id>> | undefined;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** The steps of a value, the newest last. */
  of(field: Field, id: Id): readonly Step[] {
    return this.#steps.get(field)?.get(id) ?? [];
  }

  /** Remembers what has happened to some values. @param isUndoable - whether a rollback takes it back */
  note(field: Field, ids: readonly Id[], step: Step, isUndoable = true): void {
    if (ids.length === 0) return;
    let ofField = this.#steps.get(field);
    if (!ofField) this.#steps.set(field, (ofField = new Map<Id, readonly Step[]>()));
    const all = ofField;
    for (const id of ids) {
      const known = all.get(id) ?? [];
      all.delete(id);
      all.set(id, [...known.slice(1 - STEPS), step]);
      if (all.size <= RECORDS) continue;
      const [oldest] = all.keys();
      if (oldest !== undefined) all.delete(oldest);
    }
    if (!isUndoable || !this.#undo.isOpen) return;
    const noted = [...ids];
    this.#undo.push(() => {
      this.#takeBack(field, noted, step);
    });
  }

  /** Asks a question, and remembers of its answer who gave it. */
  async asking<T extends { readonly ids: readonly Id[] }>(ask: () => Promise<T>): Promise<T> {
    const heard: Hearing = { rungs: new Set(), entries: [], log: [], statement: undefined };
    const onStatement = (event: unknown): void => {
      // What this channel publishes. What travels ahead, as BEGIN does, comes before the statement that answers.
      if (hearing.current === heard) heard.statement = (event as StatementEvent).text;
    };
    const onAnswer = (event: unknown): void => {
      if (hearing.current !== heard) return;
      const { rung, cache, entries = [], log = [] } = event as AnswerEvent; // what this channel publishes
      heard.rungs.add(rung);
      heard.entries.push(...entries.map((entry) => ({ ...entry, rung, ...(cache === undefined ? {} : { cache }) })));
      heard.log.push(...log);
    };
    subscribe(channels.statement.name, onStatement);
    subscribe(channels.answer.name, onAnswer);
    try {
      const answer = await hearing.run(heard, ask);
      this.#sources.set(answer.ids, { rung: heard.rungs.size > 0 ? [...heard.rungs].join(', ') : undefined, statement: heard.statement, cached: { entries: heard.entries, log: heard.log } });
      return answer;
    } finally {
      unsubscribe(channels.statement.name, onStatement);
      unsubscribe(channels.answer.name, onAnswer);
    }
  }

  /** Who gave an answer, by the list of ids that it came with. */
  sourceOf(answered: readonly Id[]): Source | undefined {
    return this.#sources.get(answered);
  }

  /** Goes back to a savepoint: the values that changed since are what they were, and say so. */
  rollingBack(goBack: () => void): void {
    const restored = new Map<Field, Set<Id>>();
    this.#restored = restored;
    try {
      goBack();
    } finally {
      this.#restored = undefined;
    }
    for (const [field, ids] of restored) this.note(field, [...ids], { what: 'restored' });
  }

  clear(): void {
    const before = [...this.#steps];
    this.#steps.clear();
    this.#undo.push(() => {
      this.#steps.clear();
      for (const [field, steps] of before) this.#steps.set(field, steps);
    });
  }

  #takeBack(field: Field, ids: readonly Id[], step: Step): void {
    const all = this.#steps.get(field);
    for (const id of ids) {
      const left = all?.get(id)?.filter((other) => other !== step) ?? [];
      if (left.length > 0) all?.set(id, left);
      else all?.delete(id);
      // A mark alone changes no stored value, but makes memory forget one that is not stored.
      if (!this.#restored || (step.what === 'marked' && field.isStored)) continue;
      const restored = this.#restored.get(field) ?? new Set();
      this.#restored.set(field, restored.add(id));
    }
  }
}
