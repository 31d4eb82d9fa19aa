import { VERSION_COLUMN } from '@ormolu/kernel';
import type { Field } from '../field';
import type { Model } from '../model';
import { fits, MODEL_NAME } from '../naming';
import { RESERVED_NAMES } from '../reserved-names';
import type { Checking } from './check-field';
import type { ExpandedModel } from './expand';
import { remedyFor } from './problems';
import { columnName } from './tables';

/** Checks a model: what is said of it hangs together, and fits into a table. */
export function checkModel(checking: Checking, expanded: ExpandedModel, model: Model): void {
  const { problems, expansion } = checking;
  if (!expanded.own.isDefined) {
    problems.add({ model: model.name }, 'something is said of it, and it is not defined.', remedyFor(model.name, expansion.names().filter((name) => name !== model.name), 'Define it, or join the module that does.'));
    return;
  }
  if (!MODEL_NAME.test(model.name)) problems.add({ model: model.name }, 'its name has more than letters, digits, _ and hyphens, with dots between.', 'Choose another; its table may be called otherwise, with the option table.');
  checkComputes(checking, expanded, model);
  checkMethods(checking, model);
  checkOrder(checking, model);
  checkTable(checking, model);
  const parent = model.parent === undefined ? undefined : model.fields.get(model.parent);
  if (model.parent !== undefined && (parent?.relation?.kind !== 'many2one' || parent.relation.comodel !== model.name || !parent.isStored)) {
    problems.add({ model: model.name, field: model.parent }, 'the option parent names it, and it is no stored many2one to this model.', `Name one: many2one('${model.name}').`);
  }
  for (const field of model.fields.values()) {
    const currency = field.options.currency;
    if (currency !== undefined && !model.fields.has(currency)) problems.add({ model: model.name, field: field.name }, `its currency field '${currency}' does not exist.`, remedyFor(currency, model.fields.keys(), 'Define it.'));
  }
}

function checkComputes({ problems }: Checking, expanded: ExpandedModel, model: Model): void {
  const known = (field: string, role: string): Field | undefined => {
    const found = model.fields.get(field);
    // A field that could not be built has a problem of its own already.
    if (!found && !expanded.fields.has(field)) problems.add({ model: model.name, field }, `${role}, and it is not defined.`, remedyFor(field, model.fields.keys(), 'Define it.'));
    return found;
  };
  for (const field of expanded.computes.keys()) {
    if (known(field, 'it is computed')?.related) problems.add({ model: model.name, field }, 'it is a related field, and computed.', 'Define it by its kind, or leave the compute out.');
  }
  for (const [table, role] of [[expanded.inverses, 'an inverse'], [expanded.searches, 'a search']] as const) {
    for (const field of table.keys()) {
      const found = known(field, `it has ${role}`);
      if (found && !found.compute) problems.add({ model: model.name, field }, `it has ${role}, and is not computed.`, 'Compute it: what is not computed is simply written, and searched, as it is.');
    }
  }
}

function checkMethods({ problems }: Checking, model: Model): void {
  for (const name of model.methods.keys()) {
    if (RESERVED_NAMES.has(name)) problems.add({ model: model.name, field: name }, 'it is a method of the name of a member of every record.', 'Choose another name.');
    else if (model.fields.has(name)) problems.add({ model: model.name, field: name }, 'it is a field and a method.', 'Rename one of the two.');
  }
}

function checkOrder({ models, problems }: Checking, model: Model): void {
  for (const { path } of model.order) {
    let here: Model | undefined = model;
    for (const [place, name] of path.entries()) {
      if (name === 'id' && place === path.length - 1) break;
      const field: Field | undefined = here?.fields.get(name);
      const where = { model: model.name };
      if (!field) {
        problems.add(where, `its order names '${path.join('.')}', and ${here ? `${here.name} has no field '${name}'` : `'${path[place - 1] ?? ''}' is no relation`}.`, remedyFor(name, here?.fields.keys() ?? [], 'Name stored fields of records that a many2one leads to.'));
        break;
      }
      if (!field.isStored) problems.add(where, `its order names '${path.join('.')}', and ${field.toString()} is not stored.`, 'Store it, or order by what it is computed from.');
      here = field.relation && models.get(field.relation.comodel);
    }
  }
}

/** The other models that checks of a model look at: when one of them changes, it is checked again. */
export function neighboursOf(models: ReadonlyMap<string, Model>, model: Model): readonly string[] {
  const names = new Set<string>();
  for (const { relation, related, kind, options } of model.fields.values()) {
    if (relation && !related) names.add(relation.comodel);
    if (kind === 'reference') for (const name of options.models ?? []) names.add(name);
  }
  for (const { path } of model.order) {
    let here: Model | undefined = model;
    for (const name of path) {
      const comodel: string | undefined = here?.fields.get(name)?.relation?.comodel;
      if (comodel === undefined) break;
      names.add(comodel);
      here = models.get(comodel);
    }
  }
  names.delete(model.name);
  return [...names];
}

function checkTable({ models, problems }: Checking, model: Model): void {
  if (model.abstract) return;
  const where = { model: model.name };
  if (!fits(model.table)) problems.add(where, `its table's name '${model.table}' does not fit into PostgreSQL: it may have 1 to 63 bytes.`, 'Give it a shorter one with the option table.');
  const columns = new Map<string, string>([[model.idColumn, 'id'], ...model.versioned ? [[VERSION_COLUMN.column, VERSION_COLUMN.field] as const] : []]);
  for (const field of model.fields.values()) {
    if (field.relation?.relationModel !== undefined) checkRelationTable({ models, problems }, field);
    if (!field.isStored) continue;
    const column = columnName(field);
    const other = columns.get(column);
    if (other !== undefined) problems.add({ ...where, field: field.name }, `its column '${column}' is that of '${other}' too.`, 'Give it another with the option column.');
    if (!fits(column)) problems.add({ ...where, field: field.name }, `its column's name '${column}' does not fit into PostgreSQL: it may have 1 to 63 bytes.`, 'Give it a shorter one with the option column.');
    columns.set(column, field.name);
  }
}

function checkRelationTable({ models, problems }: Pick<Checking, 'models' | 'problems'>, field: Field): void {
  const { relationModel = '', column = '', otherColumn = '' } = field.relation ?? {};
  const where = { model: field.model, field: field.name };
  if (models.has(relationModel)) problems.add(where, `its relation table '${relationModel}' has the name of a model.`, 'Give it another with the option table.');
  if (column === otherColumn || column === 'id' || otherColumn === 'id') problems.add(where, `the columns of its relation table are '${column}' and '${otherColumn}'.`, "Give them two different names, with column and otherColumn; 'id' is taken.");
  for (const name of [relationModel, column, otherColumn]) if (!fits(name)) problems.add(where, `the name '${name}' does not fit into PostgreSQL: it may have 1 to 63 bytes.`, 'Give the relation table and its columns shorter ones.');
}

/** Tables of different models are different tables, and a relation table has two sides at most. */
export function checkTables({ models, problems }: Pick<Checking, 'models' | 'problems'>): void {
  const owners = new Map<string, string>();
  for (const model of models.values()) {
    if (model.abstract) continue;
    const other = owners.get(model.table);
    if (other !== undefined) problems.add({ model: model.name }, `its table '${model.table}' is that of ${other} too.`, 'Give it another with the option table.');
    owners.set(model.table, model.name);
  }
  const relations = new Map<string, Field>();
  for (const model of models.values()) {
    for (const field of model.fields.values()) {
      const relation = field.relation;
      if (relation?.relationModel === undefined) continue;
      const other = relations.get(relation.relationModel);
      relations.set(relation.relationModel, other ?? field);
      const owner = owners.get(relation.relationModel);
      if (owner !== undefined) problems.add({ model: field.model, field: field.name }, `its relation table '${relation.relationModel}' is the table of ${owner}.`, 'Give it another with the option table.');
      if (!other?.relation || other === field || areSides(other, field)) continue;
      problems.add({ model: field.model, field: field.name }, `its relation table '${relation.relationModel}' is that of ${other.toString()}, which is not its other side.`, 'Give it another with the option table, or swap column and otherColumn.');
    }
  }
}

/** Whether two many2many fields over one table are its two sides. */
function areSides(one: Field, other: Field): boolean {
  const [a, b] = [one.relation, other.relation];
  return a?.comodel === other.model && b?.comodel === one.model && a.column === b.otherColumn && a.otherColumn === b.column;
}
