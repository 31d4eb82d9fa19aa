import { nearestName, Schema, type ColumnSchema, type ListSchema, type OrderTerm, type TableSchema } from '@ormolu/kernel';
import type { FieldDefinition } from './define-fields';
import type { ModelsState } from './define';
import { resolveDepends } from './depends';
import { FieldValueError, ModelSetupError, type SetupProblem } from './errors';
import { Field, type Relation } from './field';
import { checkKindOptions } from './field-kinds/check-options';
import type { FieldKind } from './field-kinds/field-kind';
import { relationKinds } from './field-kinds/relations';
import { scalarKinds } from './field-kinds/scalars';
import type { Model } from './model';
import { Registry } from './registry';
import { RESERVED_NAMES } from './reserved-names';

const BY_ID: readonly OrderTerm[] = [{ path: ['id'], direction: 'asc' }];

/**
 * Makes a registry of what was defined, after checking all of it.
 *
 * @throws {ModelSetupError} REGISTRY_SETUP_FAILED listing every problem, each with its remedy
 */
export function buildRegistry(state: ModelsState): Registry {
  const problems: SetupProblem[] = [];
  const models = buildModels(state);
  const fields = [...models.values()].flatMap((model) => [...model.fields.values()]);
  for (const field of fields) checkField(models, field, problems);
  tieComputes(models, state, problems);
  const depends = new Map(fields.filter((field) => field.compute).map((field) => [field, resolveDepends(models, field, problems)] as const));
  if (problems.length === 0) checkCycles(depends, problems);
  if (problems.length > 0) throw new ModelSetupError(problems);
  const schema = new Schema([...models.values()].map(tableOf), state.version);
  return new Registry({ version: state.version, models, schema, depends, inverses: inversesOf(models, fields) });
}

function buildModels({ models }: ModelsState): ReadonlyMap<string, Model> {
  let index = 0;
  return new Map(Object.entries(models).map(([name, definitions]): [string, Model] => {
    const fields = new Map(Object.entries(definitions).map(([fieldName, definition]): [string, Field] => {
      const field = new Field({ model: name, name: fieldName, index, kind: kindOf(definition), options: definition.options, relation: relationOf(definition) });
      index += 1;
      return [fieldName, field];
    }));
    return [name, { name, table: name.replaceAll('.', '_'), fields, order: BY_ID, idType: 'integer', methods: new Map() }];
  }));
}

function kindOf({ kind, options }: FieldDefinition): FieldKind {
  const known = scalarKinds[kind]?.(options) ?? relationKinds[kind];
  if (!known) throw new ModelSetupError([{ model: '', problem: `There is no field kind '${kind}'.`, remedy: `Use one of ${[...Object.keys(scalarKinds), ...Object.keys(relationKinds)].join(', ')}.` }]);
  return known;
}

function relationOf(definition: FieldDefinition): Relation | undefined {
  if (!('comodel' in definition)) return undefined;
  if ('inverse' in definition) return { kind: 'one2many', comodel: definition.comodel, inverseName: definition.inverse };
  const { onDelete, required } = definition.options;
  return { kind: 'many2one', comodel: definition.comodel, onDelete: onDelete ?? (required === true ? 'restrict' : 'set null') };
}

function checkField(models: ReadonlyMap<string, Model>, field: Field, problems: SetupProblem[]): void {
  const { model, name, relation } = field;
  const add = (problem: string, remedy: string): void => void problems.push({ model, field: name, problem, remedy });
  if (RESERVED_NAMES.has(name)) add('its name is that of a member of every record.', `Choose another and keep the column with { column: '${name}' }.`);
  const wrongOptions = checkKindOptions(field.kind, field.options);
  for (const { problem, remedy } of wrongOptions) add(problem, remedy);
  if (wrongOptions.length === 0) checkDefault(field, add);
  if (!relation) return;
  const comodel = models.get(relation.comodel);
  if (!comodel) {
    const nearest = nearestName(relation.comodel, models.keys());
    add(`there is no model '${relation.comodel}'.`, nearest ? `Did you mean '${nearest}'?` : 'Define it.');
    return;
  }
  if (relation.kind === 'many2one') {
    if (relation.onDelete === 'set null' && field.isRequired) add('it is required, and onDelete is set null.', "Use onDelete: 'restrict' or 'cascade', or let it be null.");
    return;
  }
  const inverse = comodel.fields.get(relation.inverseName ?? '');
  if (inverse?.relation?.kind === 'many2one' && inverse.relation.comodel === model) return;
  const candidates = [...comodel.fields.values()].filter((other) => other.relation?.kind === 'many2one' && other.relation.comodel === model).map((other) => other.name);
  add(`${comodel.name}.${relation.inverseName ?? ''} is no many2one to ${model}.`, candidates.length > 0 ? `Use one of: ${candidates.join(', ')}.` : `Define one: many2one('${model}').`);
}

/** A default that the field itself refuses would only be found out by the first record made without a value. */
function checkDefault(field: Field, add: (problem: string, remedy: string) => void): void {
  if (field.default === undefined || typeof field.default === 'function') return;
  try {
    field.toCache(field.default);
  } catch (error) {
    if (!(error instanceof FieldValueError)) throw error;
    add(`its default is no value of it: ${error.message}`, 'Give another default.');
  }
}

function tieComputes(models: ReadonlyMap<string, Model>, { computes }: ModelsState, problems: SetupProblem[]): void {
  for (const { model, fields: names, depends, isBatch, run } of computes) {
    const known = models.get(model)?.fields;
    const fields = names.flatMap((name) => {
      const field = known?.get(name);
      if (!field) {
        const nearest = nearestName(name, known?.keys() ?? []);
        problems.push({ model, field: name, problem: 'it is computed, but not defined.', remedy: nearest ? `Did you mean '${nearest}'?` : 'Define it.' });
      } else if (field.relation) {
        problems.push({ model, field: name, problem: 'it is a relation, and computed.', remedy: 'Computed relations are not supported yet: compute a value of the related record instead.' });
      }
      return field ? [field] : [];
    });
    for (const field of fields) Field.tie(field, { fields, isBatch, run, depends });
  }
}

/** A cycle of computed fields within one record can never be worked off; through other records it must be declared. */
function checkCycles(depends: ReadonlyMap<Field, readonly (readonly Field[])[]>, problems: SetupProblem[]): void {
  const done = new Set<Field>();
  const visit = (field: Field, above: readonly Field[]): void => {
    if (above.includes(field)) {
      const cycle = above.slice(above.indexOf(field));
      if (cycle.some((member) => member.isRecursive)) return;
      problems.push({
        model: field.model, field: field.name, problem: `it depends on itself: ${[...cycle, field].map((member) => `${member.model}.${member.name}`).join(' → ')}.`,
        remedy: 'Define it with recursive: true if the cycle goes through other records, or break it.',
      });
      return;
    }
    if (done.has(field)) return;
    for (const path of depends.get(field) ?? []) for (const step of path) if (step.compute) visit(step, [...above, field]);
    done.add(field);
  };
  for (const field of depends.keys()) visit(field, []);
}

function inversesOf(models: ReadonlyMap<string, Model>, fields: readonly Field[]): ReadonlyMap<Field, readonly Field[]> {
  const inverses = new Map<Field, Field[]>();
  for (const list of fields) {
    if (list.relation?.kind !== 'one2many') continue;
    const reference = models.get(list.relation.comodel)?.fields.get(list.relation.inverseName ?? '');
    if (!reference) continue;
    inverses.set(list, [reference]);
    inverses.set(reference, [...(inverses.get(reference) ?? []), list]);
  }
  return inverses;
}

function tableOf(model: Model): TableSchema {
  const fields = [...model.fields.values()];
  return {
    model: model.name, table: model.table, idColumn: 'id', idType: model.idType, order: model.order, versioned: false,
    columns: fields.flatMap((field): ColumnSchema[] => (field.isStored && field.columnType ? [columnOf(field, field.columnType)] : [])),
    lists: fields.flatMap((field): ListSchema[] =>
      field.relation?.kind === 'one2many' ? [{ field: field.name, kind: 'one2many', model: field.relation.comodel, inverse: field.relation.inverseName ?? '' }] : []),
  };
}

function columnOf(field: Field, type: ColumnSchema['type']): ColumnSchema {
  const { relation, options } = field;
  return {
    field: field.name,
    column: options.column ?? field.name.replaceAll('.', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    type,
    ...(field.scale === undefined ? {} : { scale: field.scale }),
    // A computed value is written after its row: until then the column holds nothing.
    required: field.isRequired && !field.compute,
    unique: options.unique ?? false,
    // Deleting and following lists both look for the rows that refer to a record.
    index: options.index ?? relation !== undefined,
    references: relation ? { model: relation.comodel, onDelete: relation.onDelete ?? 'set null' } : undefined,
  };
}
