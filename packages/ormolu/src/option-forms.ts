import { MisuseError, nearestName, typeName } from '@ormolu/kernel';

/** What an option may be, and how a message says it. */
export interface Form {
  readonly accepts: (value: unknown) => boolean;
  readonly expects: string;
  /** What an object may have that is given for it. @defaultValue anything */
  readonly within?: Forms | undefined;
  /** What everything in an object must be that is given for it, whatever it is called. */
  readonly each?: Form | undefined;
}

/** Options that go together, by name. */
export type Forms = Readonly<Record<string, Form>>;

export const text: Form = { accepts: (value) => typeof value === 'string', expects: 'a text' };
export const flag: Form = { accepts: (value) => typeof value === 'boolean', expects: 'true or false' };
export const func: Form = { accepts: (value) => typeof value === 'function', expects: 'a function' };
export const number: Form = { accepts: (value) => typeof value === 'number' && !Number.isNaN(value), expects: 'a number' };
export const list: Form = { accepts: Array.isArray, expects: 'a list' };
export const duration: Form = { accepts: (value) => typeof value === 'string' || typeof value === 'number', expects: "a duration: '30s'" };

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

export const oneOf = (...values: readonly string[]): Form => ({ accepts: (value) => values.some((one) => one === value), expects: values.map((one) => `'${one}'`).join(' or ') });

/** An object that has these methods: another copy of a package makes other classes. */
export const having = (expects: string, ...methods: readonly string[]): Form => ({
  expects, accepts: (value) => typeof value === 'object' && value !== null && methods.every((method) => typeof (value as Readonly<Record<string, unknown>>)[method] === 'function'),
});

/**
 * Holds options, and those within them, against their forms. What is undefined is as good as left out.
 *
 * @param path - of what the options stand in: `'localCache.'`
 * @throws {MisuseError} DB_OPTION_UNKNOWN for an option that nobody would read, naming the nearest that exists; DB_OPTION_INVALID for one of another type
 */
export function checkForms(call: string, forms: Forms, options: object, path = ''): void {
  for (const [name, value] of Object.entries(options) as readonly [string, unknown][]) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (!form) throw unknown(call, name, { path, known: Object.keys(forms) });
    if (value !== undefined) checkForm(call, form, value, path + name);
  }
}

function checkForm(call: string, form: Form, value: unknown, path: string): void {
  if (!form.accepts(value)) throw invalid(call, `the option '${path}'`, form.expects, value);
  if (!isObject(value)) return;
  if (form.within) checkForms(call, form.within, value, `${path}.`);
  for (const [name, one] of form.each ? (Object.entries(value) as readonly [string, unknown][]) : []) if (form.each) checkForm(call, form.each, one, `${path}.${name}`);
}

function unknown(call: string, name: string, { path, known }: { readonly path: string; readonly known: readonly string[] }): MisuseError {
  const nearest = nearestName(name, known);
  return new MisuseError('DB_OPTION_UNKNOWN', `${call}() has no option '${path}${name}'. ${nearest ? `Did you mean '${nearest}'?` : `Options: ${known.join(', ')}.`}`, { details: { option: path + name } });
}

export function invalid(call: string, what: string, expects: string, given: unknown): MisuseError {
  return new MisuseError('DB_OPTION_INVALID', `${call}() was given ${typeName(given)} for ${what}. Give ${expects}.`, { details: { given } });
}
