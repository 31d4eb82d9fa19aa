import { UnknownRecordingError } from '../scenario';
import { valueOf, type RecordedModels } from './recorded-values';

type Filter = Readonly<Record<string, unknown>>;

const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'eq', '!=': 'ne', '<>': 'ne', '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte', in: 'in', 'not in': 'notIn', child_of: 'childOf', parent_of: 'parentOf',
  '=like': 'like', '=ilike': 'ilike',
};

/** Operators whose text is looked for anywhere. */
const CONTAINS: Readonly<Record<string, { readonly operator: string; readonly isNot: boolean }>> = {
  like: { operator: 'like', isNot: false }, ilike: { operator: 'ilike', isNot: false },
  'not like': { operator: 'like', isNot: true }, 'not ilike': { operator: 'ilike', isNot: true },
};

/** A recorded domain, in prefix notation, as a filter. Terms that no operator joins all hold. */
export function filterOf(models: RecordedModels, model: string, domain: readonly unknown[]): Filter {
  const rest = [...domain];
  const all: Filter[] = [];
  while (rest.length > 0) all.push(take(models, model, rest));
  return { and: all };
}

function take(models: RecordedModels, model: string, rest: unknown[]): Filter {
  const term = rest.shift();
  if (term === '&' || term === '|') {
    const both = [take(models, model, rest), take(models, model, rest)];
    return { [term === '&' ? 'and' : 'or']: both };
  }
  if (term === '!') return { not: take(models, model, rest) };
  if (Array.isArray(term) && term.length === 3) return leaf(models, model, term);
  throw new UnknownRecordingError(`${JSON.stringify(term)} is no part of a domain`);
}

function leaf(models: RecordedModels, model: string, [path, operator, value]: readonly unknown[]): Filter {
  if (typeof path !== 'string' || typeof operator !== 'string') throw new UnknownRecordingError(`${JSON.stringify([path, operator, value])} is no term of a domain`);
  const type = typeOf(models, model, path);
  const plain = (one: unknown): unknown => valueOf(type, one);
  const contains = Object.hasOwn(CONTAINS, operator) ? CONTAINS[operator] : undefined;
  if (contains) {
    const filter = { [path]: { [contains.operator]: `%${String(value)}%` } };
    return contains.isNot ? { not: filter } : filter;
  }
  const ours = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (ours === undefined) throw new UnknownRecordingError(`there is no operator '${operator}'`);
  if (Array.isArray(value)) return { [path]: { [ours === 'eq' ? 'in' : ours === 'ne' ? 'notIn' : ours]: value.map(plain) } };
  if (plain(value) === null && (ours === 'eq' || ours === 'ne')) return { [path]: { isNull: ours === 'eq' } };
  return { [path]: { [ours]: plain(value) } };
}

/** The type of the field at the end of a path; the engine says what it thinks of one that is not there. */
function typeOf(models: RecordedModels, model: string, path: string): string {
  const [name = '', ...rest] = path.split('.');
  const field = models[model]?.fields[name];
  if (name === 'id' || !field) return 'integer';
  return rest.length === 0 ? field.type : typeOf(models, field.comodel ?? '', rest.join('.'));
}
