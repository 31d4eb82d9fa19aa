import type { SessionState } from '@ormolu/kernel';
import type { CallName, Reply } from './protocol';
import { anything, flag, having, id, list, listOf, object, oneOf, optional, orNull, text, type Shape } from './shapes';

const STATES: Readonly<Record<SessionState, true>> = { open: true, failed: true, committed: true, 'rolled back': true };

const count: Shape = (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : ' is no number of things'); // a number: isSafeInteger says so
const texts = listOf(text);
const ids = listOf(id);
const news = having({ after: orNull(text), until: text, epoch: text, rows: listOf(list) });
const sight = having({ uncachable: listOf(list), seen: orNull(having({ snapshot: text, epoch: text, version: text, hasChanged: flag, news })) });
const figures = having({ state: oneOf(...Object.keys(STATES)), statements: count, reached: optional(having({ questions: count, records: count })), touched: optional(listOf(list)), sight: optional(sight) });
const error = having({ kind: text, code: text, message: text, details: object });
const hello = having({
  name: text, capabilities: having({ concurrentSessions: flag, durable: flag, sql: flag }), hasLog: flag, maxMessageBytes: count, view: orNull(having({ user: count, digest: text, models: listOf(list) })),
});
const images = having({ written: listOf(having({ model: text, fields: texts, rows: listOf(list) })) });

/** What a question says of its answer. */
interface Question {
  readonly ids?: readonly unknown[];
  readonly fields?: readonly string[];
  readonly by?: readonly unknown[];
  readonly aggregates?: readonly unknown[];
  readonly count?: number;
  readonly skipsExisting?: boolean;
}

/** Lists of so many values, so many of them. */
const table = (wide: number, long: number): Shape => (value) => {
  const all = value as readonly (readonly unknown[])[]; // behind listOf(list)
  return listOf(list)(value) ?? (all.length === wide && all.every((one) => one.length === long) ? undefined : ` is not ${String(wide)} lists of ${String(long)} values`);
};

/** Some of the ids that were named, each once. What writes numbers in several ways is not compared. */
const idsAmong = (named: readonly unknown[]): Shape => (value) => {
  const wrong = ids(value);
  if (wrong !== undefined) return wrong;
  const told = value as readonly unknown[]; // behind ids
  if (told.some((one) => typeof one === 'string')) return told.length <= named.length ? undefined : ' are more ids than were named';
  const known = new Set(named.map(String));
  return new Set(told).size === told.length && told.every((one) => known.has(String(one))) ? undefined : ' are not ids that were named, each once';
};

const columns = ({ fields = [] }: Question, named?: readonly unknown[]): Shape => (value) => having({ ids: named ? idsAmong(named) : ids })(value)
  ?? having({ columns: table(fields.length, (value as { readonly ids: readonly unknown[] }).ids.length) })(value); // which was looked at first

/** What answers look like, by what was asked. */
const ANSWERS: Readonly<Partial<Record<CallName, (asked: Question, args: readonly unknown[]) => Shape>>> = {
  hello: () => hello, plan: () => object, migrate: () => object, outcome: () => flag, trim: () => count,
  read: (asked) => columns(asked, asked.ids ?? []), compute: (asked) => columns(asked, asked.ids ?? []), query: (asked) => columns(asked), count: () => count,
  group: ({ by = [], aggregates = [] }) => (value) => having({ count })(value) ?? (({ count: groups }) => having({ keys: table(by.length, groups), aggregates: table(aggregates.length, groups) })(value))(value as { readonly count: number }), // which was looked at first
  insert: ({ count: rows = 0, skipsExisting }) => (value) => ids(value) ?? ((value as readonly unknown[]).length === rows || (skipsExisting === true && (value as readonly unknown[]).length < rows) ? undefined : ` are not the ids of ${String(rows)} records`), // behind ids
  update: ({ ids: named = [] }) => idsAmong(named), delete: (_, [, named]) => idsAmong(named as readonly unknown[]), // as the session sends them
  sql: () => listOf(object), savepoint: () => count, stream: () => count,
  next: () => (value) => (value === null ? undefined : having({ ids, columns: listOf(list) })(value) ?? nextBatch(value)),
  commit: () => orNull(images),
};

function nextBatch(value: unknown): string | undefined {
  const batch = value as { readonly ids: readonly unknown[]; readonly columns: readonly (readonly unknown[])[] }; // which was looked at first
  return batch.columns.every((one) => one.length === batch.ids.length) ? undefined : '.columns are not as long as .ids';
}

/** Says what keeps a reply from being one to a call; undefined: it may be believed to be what types say. */
export function wrongReply(reply: Reply, name: CallName, session: number, args: readonly unknown[]): string | undefined {
  if (reply.kind === 'fill') return list(reply.added) ?? (name === 'migrate' ? undefined : ' asks for work that nobody has offered');
  const told = (session === 0 || (reply.kind === 'error' && reply.figures === null) ? anything : figures)(reply.figures);
  if (told !== undefined) return `: what it tells of the session${told}`;
  if (reply.kind === 'error') return error(reply.error);
  // Whatever its prototype: it goes over the network without.
  const asked = (typeof args[0] === 'object' && args[0] !== null ? args[0] : {}) as Question; // as the session sends it
  return (ANSWERS[name]?.(asked, args) ?? anything)(reply.value);
}
