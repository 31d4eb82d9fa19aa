import type { AggregateFunction, ColumnType, IdType, Isolation, OnDelete } from '@ormolu/kernel';
import { MalformedCallError } from './errors';
import type { Call, CallName } from './protocol';
import { anything, column, flag, having, id, list, listOf, number, object, oneOf, optional, orNull, text, textOfAtMost, tuple, version, type Shape } from './shapes';

/** What the types of others list, listed once more for those to whom types say nothing. */
const keysOf = <K extends string>(all: Readonly<Record<K, true>>): readonly string[] => Object.keys(all);

const ISOLATIONS = keysOf<Isolation>({ 'read committed': true, 'repeatable read': true, serializable: true });
const FUNCTIONS = keysOf<AggregateFunction>({ count: true, countDistinct: true, sum: true, min: true, max: true, avg: true });
const ID_TYPES = keysOf<IdType>({ integer: true, bigint: true, uuid: true, text: true });
const COLUMN_TYPES = keysOf<ColumnType>({ text: true, uuid: true, int4: true, int8: true, float8: true, numeric: true, bool: true, date: true, timestamptz: true, jsonb: true, bytea: true });
const ON_DELETE = keysOf<OnDelete>({ restrict: true, cascade: true, 'set null': true });

/** The token of a commit, as clients make them, and somewhat longer: each is a row of an index. */
const token = textOfAtMost(64);
const texts = listOf(text);
const fields = texts;
const ids = listOf(id);
const path = texts;
const direction = oneOf('asc', 'desc');
const order = listOf(having({ path, direction }));

// What kinds of filters there are storages say, by the name of the model.
const FILTERS: Readonly<Record<string, Shape>> = {
  condition: having({ path, operator: text, along: optional(text) }),
  and: having({ all: (value) => listOf(filter)(value) }),
  or: having({ any: (value) => listOf(filter)(value) }),
  not: having({ not: (value) => filter(value) }),
};
const filter: Shape = (value) => {
  const wrong = object(value);
  if (wrong !== undefined) return wrong;
  const { kind } = value as { readonly kind?: unknown }; // an object
  const shape = typeof kind === 'string' && Object.hasOwn(FILTERS, kind) ? FILTERS[kind] : undefined;
  return shape?.(value);
};

const keysToLookUnder: Shape = (value) => (value === 'any' ? undefined : texts(value));
const keys = having({ company: optional(keysToLookUnder), lang: optional(keysToLookUnder) });
const caching = having({ cache: optional(text), ttlMs: optional(number), key: optional(text), use: optional(oneOf('none', 'refresh')) });
const asked = { stamped: optional(flag), caching: optional(caching), keys: optional(keys), limit: optional(number), offset: optional(number) };
const read = having({ model: text, ids, fields, stamped: optional(flag) });
const query = having({ model: text, filter, order: optional(order), fields: optional(fields), ...asked });
const groupOrder: Shape = (value) => (object(value) === undefined && 'key' in (value as object) ? having({ key: number, direction }) : having({ aggregate: number, direction }))(value); // an object
const group = having({ model: text, filter, by: listOf(path), aggregates: listOf(having({ function: oneOf(...FUNCTIONS), path: optional(path) })), order: optional(listOf(groupOrder)), ...asked });

const tag = having({ model: text, id: optional(id), fields: optional(fields) });
const records = having({ ids, columns: listOf(list) });
const groups = having({ count: number, keys: listOf(list), aggregates: listOf(list) });
const READS: Readonly<Record<string, Shape>> = {
  read: having({ question: read, answer: records }),
  query: having({ question: query, answer: records, tags: listOf(tag) }),
  group: having({ question: group, answer: groups, tags: listOf(tag) }),
};
const cachedRead: Shape = (value) => having({ kind: oneOf(...Object.keys(READS)) })(value) ?? READS[(value as { readonly kind: string }).kind]?.(value); // an object with one of the kinds
const cachedReads = listOf(cachedRead);

const columnSchema = having({
  field: text, column: text, type: oneOf(...COLUMN_TYPES), required: flag, unique: flag, index: flag, scale: optional(number),
  references: optional(having({ model: text, onDelete: oneOf(...ON_DELETE) })), keyed: optional(having({ by: oneOf('company', 'lang'), type: oneOf(...COLUMN_TYPES), references: optional(text) })),
});
const listSchema: Shape = (value) => having({ field: text, kind: oneOf('one2many', 'many2many'), model: text })(value)
  ?? ((value as { readonly kind: string }).kind === 'one2many' ? having({ inverse: text }) : having({ relation: text, column: text, otherColumn: text }))(value); // an object of one of the kinds
const table = having({
  model: text, table: text, idColumn: text, idType: oneOf(...ID_TYPES), columns: listOf(columnSchema), lists: listOf(listSchema), order, parent: optional(text), uniqueTogether: optional(listOf(fields)), versioned: flag,
});
const schema = tuple(textOfAtMost(100), orNull(having({ version: number, tables: listOf(table) })));

const extent = orNull(tuple(text, text));
const planOptions = having({ discard: optional(orNull(texts)) });

/** What each call takes, in order; what is left out at the end is null. */
const ARGUMENTS: Readonly<Record<CallName, readonly Shape[]>> = {
  hello: [orNull(number)], plan: [schema, planOptions], migrate: [schema, planOptions, orNull(number)], filled: [number, flag], outcome: [token], trim: [orNull(number)],
  open: [schema, having({ isolation: optional(oneOf(...ISOLATIONS)), readOnly: optional(flag), sight: optional(oneOf(true, false, 'far')) }), orNull(token), extent, orNull(text)],
  adopt: [schema], sight: [extent],
  read: [read], compute: [having({ model: text, ids, fields, context: object })], query: [query], count: [query], group: [group],
  // An id that is missing is a value that is missing, to storages.
  insert: [having({ model: text, count: number, fields, columns: listOf(column), skipsExisting: optional(flag), ids: optional(listOf(orNull(id))) })],
  update: [having({ model: text, ids, fields, columns: listOf(column), expected: optional(listOf(version)) })],
  delete: [text, ids, orNull(listOf(version))],
  sql: [text, listOf(anything), orNull(cachedReads)], signal: [texts],
  savepoint: [], rollbackTo: [number], release: [number], commit: [orNull(cachedReads)], rollback: [orNull(flag)],
  stream: [query, orNull(having({ batchSize: optional(number) }))], next: [number], leave: [number],
};

/**
 * Looks whether what a call takes has the form that it takes: behind it, nothing is met where something else is believed to be. Names and values are looked at by who knows them.
 *
 * @throws {MalformedCallError} REMOTE_PROTOCOL
 */
export function checkArguments({ name, args }: Call): void {
  for (const [at, shape] of ARGUMENTS[name].entries()) check(name, args, at, shape);
}

/** The same of the schema alone that a call names, as its first argument. @throws {MalformedCallError} REMOTE_PROTOCOL */
export function checkSchema({ name, args }: Call): void {
  check(name, args, 0, schema);
}

function check(name: CallName, args: readonly unknown[], at: number, shape: Shape): void {
  const wrong = shape(args[at] ?? null);
  if (wrong !== undefined) throw new MalformedCallError(name, `argument ${String(at + 1)}${wrong}`);
}
