import { OrmoluError } from '@ormolu/kernel';
import type { Field } from '../field';
import { checkKindOptions } from '../field-kinds/check-options';
import type { Model } from '../model';
import { FIELD_NAME } from '../naming';
import { FILTER_WORDS, RESERVED_NAMES } from '../reserved-names';
import type { Expansion } from './expand';
import { remedyFor, type Problems } from './problems';

const TEXTS: ReadonlySet<string> = new Set(['char', 'text', 'html']);
const CONTEXT_KEY = /^[A-Za-z_$][\w$]*$/;

/** What checks look at. */
export interface Checking {
  readonly models: ReadonlyMap<string, Model>;
  readonly expansion: Expansion;
  readonly problems: Problems;
}

/** Checks a field by itself and against the models it leads to. */
export function checkField(checking: Checking, field: Field): void {
  const { problems } = checking;
  const where = { model: field.model, field: field.name };
  if (RESERVED_NAMES.has(field.name)) {
    problems.add(where, 'its name is that of a member of every record.', `Choose another and keep the column with { column: '${field.name}' }.`);
  } else if (FILTER_WORDS.has(field.name)) {
    problems.add(where, 'its name is a word of filters.', `Choose another and keep the column with { column: '${field.name}' }.`);
  } else if (!FIELD_NAME.test(field.name)) {
    problems.add(where, 'its name is no identifier, so that no path could name it.', 'Use letters, digits and _, and begin with a letter; its column may be called otherwise, with the option column.');
  }
  const wrong = checkKindOptions(field.kind, field.options);
  for (const { problem, remedy } of wrong) problems.add(where, problem, remedy);
  checkOptions(field, problems);
  checkContext(field, problems);
  if (wrong.length === 0) checkDefault(field, problems);
  if (field.relation && !field.related) checkRelation(checking, field);
  for (const model of field.kind === 'reference' ? (field.options.models ?? []) : []) {
    if (!checking.models.has(model)) problems.add(where, `there is no model '${model}' to refer to.`, remedyFor(model, checking.expansion.names(), 'Define it.'));
  }
}

function checkOptions(field: Field, problems: Problems): void {
  const { options, compute } = field;
  const add = (problem: string, remedy: string): void => problems.add({ model: field.model, field: field.name }, problem, remedy);
  if (field.kind === 'reference' && (options.models ?? []).length === 0) add('it refers to no model.', 'Name at least one: reference([model]).');
  if (options.translate === true && !TEXTS.has(field.kind)) add('it is translated, and no text.', 'Only char, text and html have translations.');
  if (options.translate === true && options.companyDependent === true) add('it is translated, and has a value for each company.', 'Choose one; two fields can have one each.');
  if (field.keyedBy && compute) add(`it has a value per ${field.keyedBy}, and is computed.`, `Compute it with dependsContext: ['${field.keyedBy}'] instead, without storing it.`);
  if (field.keyedBy && !field.columnType) add('it has a value for each company, and no column.', 'Only fields that hold one value can.');
  if (field.keyedBy && (options.onDelete === 'restrict' || options.onDelete === 'cascade')) add(`it has a value per ${field.keyedBy}, and onDelete is ${options.onDelete}: no foreign key watches a column of many values.`, 'Leave onDelete out.');
  if (field.keyedBy && options.unique === true) add(`it is unique, and has a value per ${field.keyedBy}.`, 'Let it be one or the other: the database compares whole columns.');
  if (options.precompute === true && !field.isPrecomputed) add('it is precomputed, and neither computed nor stored.', 'Compute it and say store: true, or leave precompute out.');
  if (field.kind === 'many2many' && compute && field.isPersistent) add('it is a many2many that is computed, and stored.', 'Leave store out: its list is computed when it is asked for.');
  if (options.store === true && !field.isPersistent) add('it is stored, and there is no way to keep it.', 'Leave store out.');
}

function checkContext(field: Field, problems: Problems): void {
  const where = { model: field.model, field: field.name };
  const keys = field.options.dependsContext ?? [];
  for (const key of keys) if (!CONTEXT_KEY.test(key)) problems.add(where, `its context key '${key}' is no name.`, "Name the keys one by one: dependsContext: ['lang', 'company'].");
  if (new Set(keys).size < keys.length) problems.add(where, 'it names a context key twice.', 'Name each once.');
  if (keys.length === 0 || field.related) return;
  if (!field.compute && !field.isServed) problems.add(where, 'it depends on the context, and is not computed.', 'Compute it, or use translate or companyDependent.');
  if (field.isPersistent) problems.add(where, `it is stored, and depends on the context (${keys.join(', ')}): the database has one value for all.`, 'Leave store out, or dependsContext.');
}

/** A default that is known now is tried now. */
function checkDefault(field: Field, problems: Problems): void {
  if (field.default === undefined || field.default === null || typeof field.default === 'function') return;
  try {
    field.toCache(field.default);
  } catch (error) {
    if (!OrmoluError.is(error)) throw error;
    problems.add({ model: field.model, field: field.name }, `its default is no value of it: ${error.message}`, 'Give another default.');
  }
}

function checkRelation({ models, expansion, problems }: Checking, field: Field): void {
  const where = { model: field.model, field: field.name };
  const { relation } = field;
  if (!relation) return;
  const comodel = models.get(relation.comodel);
  if (!comodel) {
    problems.add(where, `there is no model '${relation.comodel}'.`, remedyFor(relation.comodel, expansion.names(), 'Define it, or join the module that does.'));
    return;
  }
  if (comodel.abstract) problems.add(where, `its model '${comodel.name}' is abstract and has no records.`, 'Refer to a model that takes it over.');
  if (relation.kind === 'many2one') {
    if (relation.onDelete === 'set null' && field.isRequired) problems.add(where, 'it is required, and onDelete is set null.', "Use onDelete: 'restrict' or 'cascade', or let it be null.");
    return;
  }
  // A list that is computed holds what its compute gives, whatever the other side says.
  if (relation.kind === 'many2many' || !field.isPersistent) return;
  const owner = models.get(field.model);
  const inverse = comodel.fields.get(relation.inverseName ?? '');
  // The lists of an abstract model are those of the models that take it over.
  if (owner?.abstract === true || (inverse?.relation?.kind === 'many2one' && inverse.relation.comodel === field.model && !inverse.related)) return;
  const candidates = [...comodel.fields.values()].filter((other) => other.relation?.kind === 'many2one' && other.relation.comodel === field.model).map((other) => other.name);
  const known = inverse ? 'is no many2one to' : 'does not exist, so it is no many2one to';
  problems.add(where, `its other side ${comodel.name}.${relation.inverseName ?? ''} ${known} ${field.model}.`, candidates.length > 0 ? `Use one of: ${candidates.join(', ')}.` : `Define one: many2one('${field.model}').`);
}
