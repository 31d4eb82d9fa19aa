import {
  bigint, binary, boolean, char, date, datetime, defineModels, float, html, integer, json, many2many, many2one, monetary, one2many, related, text, type Models,
} from '@ormolu/registry';
import type { RecordSet } from '@ormolu/transaction';
import { UnknownRecordingError } from '../scenario';
import type { CallLog } from './call-log';
import { evaluate, isTrue } from './expression';
import { valueOf } from './recorded-values';
import type { ComputeData, FieldData, InverseData, ModelData } from './scenario-data';

type Definition = ReturnType<typeof char>;
type Options = Readonly<Record<string, unknown>>;
/** A builder whose options are known at run time only: what the compiler checks for users, setup checks here. */
type Builder = (options: never) => unknown;

const VALUES: Readonly<Record<string, Builder>> = {
  char, text, html, integer, bigint, float, boolean, date, datetime, json, binary, monetary,
};

/** Models under construction, by names that the compiler cannot know. */
interface Building {
  options(model: string, options: Options): Building;
  compute(model: string, field: string, depends: readonly string[], run: (record: RecordSet) => unknown): Building;
  computeBatch(model: string, fields: readonly string[], depends: readonly string[], run: (records: RecordSet) => void): Building;
  inverse(model: string, field: string, run: (record: RecordSet) => void): Building;
}

/**
 * The models of a recording, defined as any application would define them. Computes and inverses are interpreted, and tell the log
 * when they have ended.
 */
export function buildModels(models: Readonly<Record<string, ModelData>>, log: CallLog): Models<unknown> {
  const fields = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, Object.fromEntries(Object.entries(model.fields)
    .map(([field, data]) => [field, define(`${name}.${field}`, data, model)]))]));
  let building = defineModels(fields) as unknown as Building;
  for (const [name, model] of Object.entries(models)) {
    building = building.options(name, modelOptions(model));
    for (const [method, compute] of Object.entries(model.computes ?? {})) building = addCompute(building, { name, model, method, compute, log });
    for (const [field, { inverse: method }] of Object.entries(model.fields)) {
      if (method === undefined) {
        if (isAssigned(model.fields[field])) building = building.inverse(name, field, () => undefined);
        continue;
      }
      const inverse = model.inverses?.[method];
      if (!inverse) throw new UnknownRecordingError(`model '${name}' has no inverse '${method}'`);
      building = building.inverse(name, field, inverseOf({ inverse, method: `${name}.${method}`, field: `${name}.${field}`, log }));
    }
  }
  return building as unknown as Models<unknown>;
}

function modelOptions(model: ModelData): Options {
  const order = (model.order ?? 'id').split(',').map(orderTerm).filter((term) => term !== 'id');
  const parent = Object.entries(model.fields).find(([name, { type }]) => name === 'parent_id' && type === 'many2one');
  return { ...(order.length > 0 ? { order } : {}), ...(parent ? { parent: parent[0] } : {}) };
}

/** `qty desc` → `-qty` */
export function orderTerm(term: string): string {
  const [name = '', direction] = term.trim().split(/\s+/);
  return direction?.toLowerCase() === 'desc' ? `-${name}` : name;
}

function define(where: string, data: FieldData, model: ModelData): Definition {
  return builderOf(where, data)(fieldOptions(data, model)) as Definition; // its kind is known at run time only
}

function builderOf(where: string, { type, comodel = '', inverse_name: inverse = '', related: path, relation, column1, column2 }: FieldData): (options: Options) => unknown {
  if (path !== undefined) return (options) => related(path, options);
  if (type === 'many2one') return (options) => many2one(comodel, options);
  if (type === 'one2many') return (options) => one2many(comodel, inverse, options);
  if (type === 'many2many') return (options) => many2many(comodel, { ...options, ...(relation === undefined ? {} : { table: relation, column: column1, otherColumn: column2 }) });
  const builder = Object.hasOwn(VALUES, type) ? VALUES[type] : undefined;
  if (!builder) throw new UnknownRecordingError(`${where} is of type '${type}', which is not known`);
  return (options) => builder(options as never);
}

function fieldOptions(data: FieldData, model: ModelData): Options {
  const { compute } = data;
  const context = compute === undefined ? undefined : model.computes?.[compute]?.depends_context;
  const isComputed = compute !== undefined || data.related !== undefined;
  const isStored = isComputed ? data.store === true : data.store;
  return given({
    store: isComputed ? isStored : data.store,
    readonly: data.readonly,
    required: data.required,
    recursive: data.recursive,
    precompute: data.precompute,
    dependsContext: context,
    companyDependent: data.company_dependent,
    translate: data.translate,
    onDelete: data.ondelete,
    default: data.default === undefined ? undefined : valueOf(data.type, data.default),
  });
}

/**
 * On the recorded servers only forms know of read-only: programs assign every stored computed field. What they assign stays, as with an
 * inverse that has nothing to do; a new record with an origin computes the field all the same.
 */
function isAssigned(data: FieldData | undefined): boolean {
  return data?.compute !== undefined && data.store === true && data.readonly !== false;
}

function given(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

interface ComputeParts {
  readonly name: string;
  readonly model: ModelData;
  readonly method: string;
  readonly compute: ComputeData;
  readonly log: CallLog;
}

function addCompute(building: Building, { name, model, method, compute, log }: ComputeParts): Building {
  const fields = Object.entries(model.fields).filter(([, data]) => data.compute === method).map(([field]) => field);
  const call = { kind: 'compute', method: `${name}.${method}`, fields: fields.map((field) => `${name}.${field}`) } as const;
  const depends = compute.depends ?? [];
  const [only] = fields;
  if (only === undefined) return building;
  if (fields.length === 1) {
    return building.compute(name, only, depends, (record) => log.note({ ...call, ids: record.ids }, () => isUnassigned(compute, record) ? undefined : evaluate(record, compute.assign[only] ?? null)));
  }
  return building.computeBatch(name, fields, depends, (records) => {
    for (const record of records) {
      log.note({ ...call, ids: record.ids }, () => {
        if (isUnassigned(compute, record)) return;
        for (const [field, expression] of Object.entries(compute.assign)) record.set(field, evaluate(record, expression));
      });
    }
  });
}

function isUnassigned({ unless }: ComputeData, record: RecordSet): boolean {
  return unless !== undefined && isTrue(evaluate(record, unless));
}

function inverseOf({ inverse, method, field, log }: { inverse: InverseData; method: string; field: string; log: CallLog }): (record: RecordSet) => void {
  return (record) => log.note({ kind: 'inverse', method, fields: [field], ids: record.ids }, () => {
    for (const [path, expression] of Object.entries(inverse.assign)) {
      const names = path.split('.');
      const last = names.pop() ?? '';
      const targets = names.length === 0 ? [record] : [...record.mapped(names.join('.')) as RecordSet]; // an assigned path goes through relations
      for (const target of targets) target.set(last, evaluate(record, expression));
    }
  });
}
