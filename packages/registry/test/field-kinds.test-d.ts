import {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, float, html, integer, json, monetary, selection, text, uuid,
  many2one, type DefinitionsOf, type EnvironmentOf, type JsonValue, type ReadValue,
} from '@ormolu/registry';

// The compiler calls two functions of this form the same only when A and B are identical.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
const holds = <T extends true>(): T | undefined => undefined;

type Settings = { theme: 'dark' | 'light'; tags: string[]; margins?: { left: number } };

const models = defineModels({
  thing: {
    char: char(), text: text(), html: html(), uuid: uuid(), state: selection(['draft', 'done']),
    integer: integer(), bigint: bigint(), float: float(), decimal: decimal({ scale: 2 }), monetary: monetary(),
    boolean: boolean(), date: date(), datetime: datetime(), json: json(), settings: json<Settings>(), binary: binary(),
    other: many2one('thing'),
  },
  needed: {
    char: char({ required: true }), text: text({ required: true }), html: html({ required: true }), uuid: uuid({ required: true }),
    state: selection(['draft', 'done'], { required: true, default: 'draft' }), integer: integer({ required: true, index: true }), bigint: bigint({ required: true }),
    float: float({ required: true }), decimal: decimal({ scale: 2, required: true }), monetary: monetary({ required: true }), boolean: boolean({ required: true }),
    date: date({ required: true }), datetime: datetime({ required: true, default: () => new Date() }), json: json({ required: true }),
    settings: json<Settings>({ required: true }), binary: binary({ required: true }), maybe: char({ required: false }),
  },
});
type D = DefinitionsOf<typeof models>;
type Thing<F extends keyof D['fields']['thing']> = ReadValue<D, 'thing', D['fields']['thing'][F]>;
type Needed<F extends keyof D['fields']['needed']> = ReadValue<D, 'needed', D['fields']['needed'][F]>;
type FrozenSettings = { readonly theme: 'dark' | 'light'; readonly tags: readonly string[]; readonly margins?: { readonly left: number } };

holds<Equal<Thing<'char' | 'text' | 'html' | 'uuid' | 'decimal' | 'monetary' | 'date'>, string | null>>();
holds<Equal<Needed<'char' | 'text' | 'html' | 'uuid' | 'decimal' | 'monetary' | 'date'>, string>>();
holds<Equal<Thing<'state'>, 'draft' | 'done' | null>>();
holds<Equal<Needed<'state'>, 'draft' | 'done'>>();
holds<Equal<Thing<'integer' | 'float'>, number | null>>();
holds<Equal<Needed<'integer' | 'float'>, number>>();
holds<Equal<Thing<'bigint'>, bigint | null>>();
holds<Equal<Needed<'bigint'>, bigint>>();
holds<Equal<Thing<'boolean'>, boolean | null>>();
holds<Equal<Needed<'boolean'>, boolean>>();
holds<Equal<Thing<'datetime'>, Date | null>>();
holds<Equal<Needed<'datetime'>, Date>>();
holds<Equal<Thing<'binary'>, Uint8Array | null>>();
holds<Equal<Needed<'binary'>, Uint8Array>>();
holds<Equal<Thing<'json'>, JsonValue>>(); // which has null
holds<Equal<Thing<'settings'>, FrozenSettings | null>>();
holds<Equal<Needed<'settings'>, FrozenSettings>>();
holds<Equal<Needed<'maybe'>, string | null>>();

export function options(): void {
  // @ts-expect-error a size is for texts
  integer({ size: 3 });
  // @ts-expect-error a misspelt option
  char({ required: true, sise: 3 });
  // @ts-expect-error a decimal says its scale
  decimal({ precision: 3 });
  // @ts-expect-error a scale is for decimals
  float({ scale: 2 });
  // @ts-expect-error a default of another type
  integer({ default: '1' });
  // @ts-expect-error a default that is not listed
  selection(['draft', 'done'], { default: 'sent' });
  // @ts-expect-error a decimal's default is exact
  decimal({ scale: 2, default: 0.1 });
  // @ts-expect-error JSON has no dates
  json<{ at: Date }>();
  // @ts-expect-error a misspelt option of a many2one
  many2one('thing', { onDeleted: 'cascade' });
  json<Settings>({ default: { theme: 'dark', tags: [] } });
  datetime({ default: () => new Date() });
}

export async function writes(env: EnvironmentOf<D>): Promise<void> {
  const things = env.model('thing');
  await things.create({ state: 'draft', bigint: 1n, decimal: '1.50', datetime: new Date(), json: { a: [1, null] }, settings: { theme: 'dark', tags: ['x'] }, binary: Buffer.from('x'), date: '2026-01-01' });
  await things.create({ state: null, binary: null });
  // @ts-expect-error not among the values
  await things.write({ state: 'sent' });
  // @ts-expect-error a number is no bigint
  await things.write({ bigint: 1 });
  // @ts-expect-error a number is no exact decimal
  await things.write({ decimal: 1.5 });
  // @ts-expect-error an amount of money neither
  await things.write({ monetary: 1 });
  // @ts-expect-error a text is no instant
  await things.write({ datetime: '2026-01-01T00:00:00Z' });
  // @ts-expect-error an instant is no day
  await things.write({ date: new Date() });
  // @ts-expect-error JSON has no bigints
  await things.write({ json: { a: 1n } });
  // @ts-expect-error another shape
  await things.write({ settings: { theme: 'blue', tags: [] } });
  // @ts-expect-error a list of numbers is no bytes
  await things.write({ binary: [1, 2] });
  // @ts-expect-error a required field takes no null
  await env.model('needed').write({ state: null });

  for (const thing of things) {
    thing.state = 'done';
    thing.datetime = new Date();
    thing.settings = { theme: 'light', tags: [] };
    // @ts-expect-error not among the values
    thing.state = 'sent';
    // @ts-expect-error what a read gives is frozen
    thing.settings.tags = ['x'];
  }
}

export async function filters(env: EnvironmentOf<D>): Promise<void> {
  const things = env.model('thing');
  const now = new Date();
  await things.search({ state: 'draft', bigint: { gte: 1n }, decimal: { lt: '12.50' }, datetime: { gt: now, lte: now }, date: { in: ['2026-01-01', null] }, binary: { eq: new Uint8Array() } });
  await things.search({ state: { like: 'd%' }, html: { ilike: '%x%' }, text: { startsWith: 'x' }, uuid: { in: ['x'] }, boolean: true, monetary: { ne: null } });
  await things.search({ json: { eq: { a: 1 } }, settings: { ne: { theme: 'dark', tags: [] } } });
  await things.search({ json: 5 });
  await things.search({ json: [1, 2] });
  await things.search({ json: { isNull: true }, 'other.state': 'done', or: [{ 'other.datetime': { isNull: false } }] });
  // @ts-expect-error an object by itself is taken for a comparison
  await things.search({ json: { a: 1 } });
  // @ts-expect-error the same where its shape is known
  await things.search({ settings: { theme: 'dark', tags: [] } });
  // @ts-expect-error JSON has no order
  await things.search({ json: { gt: 5 } });
  // @ts-expect-error not among the values
  await things.search({ state: 'sent' });
  // @ts-expect-error not among the values, at the end of a path
  await things.search({ 'other.state': { in: ['draft', 'sent'] } });
  // @ts-expect-error a uuid's column is no text
  await things.search({ uuid: { like: 'x%' } });
  // @ts-expect-error neither is a date's
  await things.search({ date: { startsWith: '2026' } });
  // @ts-expect-error neither is a decimal's
  await things.search({ decimal: { ilike: '1%' } });
  // @ts-expect-error a number is no exact decimal
  await things.search({ decimal: { gt: 1.5 } });
  // @ts-expect-error a text is no instant
  await things.search({ datetime: { gt: '2026-01-01' } });
  // @ts-expect-error an operator that does not exist
  await things.search({ integer: { greater: 1 } });
  // @ts-expect-error one that does not exist beside one that does
  await things.search({ datetime: { gt: now, after: now } });
  // @ts-expect-error not among the values, inside of or
  await things.search({ or: [{ state: 'draft' }, { state: 'sent' }] });
  // @ts-expect-error not among the values, inside of not
  await things.search({ not: { state: 'sent' } });
  // @ts-expect-error nothing is greater than nothing
  await things.search({ integer: { gt: null } });
}

export const computes: unknown = models
  .compute('thing', 'state', ['integer'], (thing) => ((thing.integer ?? 0) > 1 ? 'done' : 'draft'))
  .compute('thing', 'datetime', ['date'], (thing) => (thing.date === null ? null : new Date(`${thing.date}T00:00:00Z`)))
  .compute('thing', 'settings', ['state'], (thing) => ({ theme: 'dark' as const, tags: [thing.state ?? ''] }))
  .compute('needed', 'bigint', ['decimal'], (needed) => BigInt(needed.decimal.replace('.', '')))
  // @ts-expect-error not among the values
  .compute('thing', 'state', ['integer'], () => 'sent')
  // @ts-expect-error a number is no exact decimal
  .compute('thing', 'decimal', ['float'], (thing) => thing.float)
  // @ts-expect-error a required field is never nothing
  .compute('needed', 'datetime', ['date'], () => null)
  .computeBatch('thing', ['binary'], ['text'], (things) => {
    for (const thing of things) thing.binary = Buffer.from(thing.text ?? '');
  });
