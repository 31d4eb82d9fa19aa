import type { ModelOptions } from './definition';
import { typeName } from '@ormolu/kernel';
import type { KindOptions } from './field-definition';
import { remedyFor } from './setup/problems';

/** What an option may be; a list stands for its words. */
type Form = 'anything' | 'flag' | 'text' | 'texts' | 'list' | readonly string[];

/** The options that exist, each with its form: the compiler tells when one is missing here. */
type Forms<O> = Readonly<Record<keyof O & string, Form>>;

/** An option that cannot be taken, and what to do about it. */
export interface Misfit {
  readonly option: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Of fields of all kinds. Numbers, and the words of selections, are checked together with their ranges. */
export const FIELD_OPTIONS: Forms<KindOptions> = {
  required: 'flag', index: 'flag', unique: 'flag', default: 'anything', store: 'flag', recursive: 'flag', readonly: 'flag', precompute: 'flag', prefetch: 'flag',
  dependsContext: 'texts', companyDependent: 'flag', translate: 'flag', groups: 'texts', copy: 'flag', sensitive: 'flag', column: 'text', description: 'text',
  size: 'anything', precision: 'anything', scale: 'anything', currency: 'text', values: 'list', models: 'texts', onDelete: ['restrict', 'cascade', 'set null'], table: 'text',
  otherColumn: 'text',
};

/** Of models. */
export const MODEL_OPTIONS: Forms<ModelOptions> = {
  table: 'text', idColumn: 'text', id: ['integer', 'bigint', 'uuid', 'text'], order: 'texts', parent: 'text', versioned: 'flag', abstract: 'flag', description: 'text',
};

/** The options that do not exist, or have not their form: the compiler finds most of these, and not every program is compiled. */
export function misfits(options: object, forms: Readonly<Record<string, Form>>): readonly Misfit[] {
  return Object.entries(options).flatMap(([option, value]: [string, unknown]) => {
    const form = Object.hasOwn(forms, option) ? forms[option] : undefined;
    if (form === undefined) return [{ option, problem: `there is no option '${option}'.`, remedy: remedyFor(option, Object.keys(forms), 'Leave it out.') }];
    if (value === undefined || hasForm(value, form)) return [];
    return [{ option, problem: `its option ${option} is ${typeName(value)}.`, remedy: `Give ${describe(form)}, or leave it out.` }];
  });
}

/** Whether something is a list of texts. */
export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function hasForm(value: unknown, form: Form): boolean {
  switch (form) {
    case 'anything':
      return true;
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return areTexts(value);
    case 'list':
      return Array.isArray(value);
    default:
      return form.some((word) => word === value);
  }
}

function describe(form: Form): string {
  switch (form) {
    case 'anything':
      return 'a value';
    case 'flag':
      return 'true or false';
    case 'text':
      return 'a text';
    case 'texts':
      return 'a list of texts';
    case 'list':
      return 'a list';
    default:
      return `one of ${form.map((word) => `'${word}'`).join(', ')}`;
  }
}
