import type { Environment, Hooks, RecordSet } from '@ormolu/transaction';
import type { Field } from '@ormolu/registry';
import { UnknownRecordingError } from '../scenario';
import { orderTerm } from './build-models';
import { filterOf } from './domain';
import { isTrue } from './expression';
import { generatedValues, idsOf, valuesOf } from './recorded-values';
import type { StepData } from './scenario-data';
import { need, type Asking, type World } from './world';

/** What one recorded operation does here; gives the result in the words of the recording. */
type Operation = (world: World, step: StepData) => unknown;

/** Raised by a hook that a recording wants to raise. */
export class HookError extends Error {
  readonly code = 'HOOK_RAISED';
}

/** Every operation of a recording, apart from those that hold steps and those that ask what was counted. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  async create(world, { model, vals, sql, nostate, as }) {
    const name = need(model, 'model');
    const rows = typeof vals === 'string' ? generatedValues(need(world.models[name], 'model'), vals, columnsOf(sql)) : (vals as readonly unknown[]);
    const records = await world.envOf(as).model(name).create(rows.map((row) => valuesOf(world.models, name, row)));
    return nostate === true ? records.length : world.namesOf(records.ids);
  },
  async write(world, step) {
    const records = world.recordsOf(step);
    await records.write(valuesOf(world.models, records.model, step.vals));
  },
  unlink: (world, step) => world.recordsOf(step).unlink(),
  read: (world, step) => {
    const records = world.recordsOf(step);
    return records.env.run(() => Object.fromEntries([...records].map((record) => [world.nameOf(record.id), readAll(world, record, need(step.fields, 'fields'))])));
  },
  async read_single(world, step) {
    const records = world.recordsOf(step);
    const found: Record<string, unknown> = {};
    for (const id of records.ids) {
      found[world.nameOf(id)] = await records.env.run(() => readAll(world, records.browse(id), need(step.fields, 'fields')));
    }
    return found;
  },
  read_method: (world, step) => world.recordsOf(step).read(need(step.fields, 'fields') ?? []),
  async search(world, { model, domain, order, as }) {
    const name = need(model, 'model');
    const found = await world.envOf(as).model(name).search(filterOf(world.models, name, domain ?? []), order === undefined ? {} : { order: order.split(',').map(orderTerm) });
    return world.namesOf(found.ids);
  },
  search_count(world, { model, domain, as }) {
    const name = need(model, 'model');
    return world.envOf(as).model(name).count(filterOf(world.models, name, domain ?? []));
  },
  async exists(world, step) {
    return world.namesOf((await world.recordsOf(step).exists()).ids);
  },
  mapped: (world, step) => onPath(world, step, (records, path) => {
    const values = records.mapped(path);
    return 'ids' in values ? world.namesOf(values.ids) : values;
  }),
  filtered: (world, step) => onPath(world, step, (records, path) => world.namesOf(records.filtered((record) => isTrueAt(record, path)).ids)),
  prefetch_ids: (world, step) => onPath(world, step, (records, path) => {
    const values = path === '' ? records : records.mapped(path);
    if (!('ids' in values)) throw new UnknownRecordingError(`'${path}' leads to no records`);
    return world.namesOf(values.prefetchIds);
  }),
  modified: (world, step) => world.recordsOf(step).modified(step.fields ?? []),
  flush_recordset: (world, step) => world.recordsOf(step).flush(step.fields ?? undefined),
  flush_model: (world, { model, fields }) => world.tx.flush(fieldsOf(world, need(model, 'model'), fields).map((field) => [field] as const)),
  flush_all: ({ tx }) => tx.flush(),
  async invalidate_recordset(world, step) {
    if (step.flush === true) await OPERATIONS['flush_recordset']?.(world, step);
    world.recordsOf(step).invalidate(step.fields ?? undefined);
  },
  async invalidate_model(world, step) {
    if (step.flush === true) await OPERATIONS['flush_model']?.(world, step);
    world.tx.cache.invalidate(fieldsOf(world, need(step.model, 'model'), step.fields).map((field) => [field]));
  },
  async invalidate_all({ tx }, { flush }) {
    if (flush === true) await tx.flush();
    tx.cache.invalidate();
  },
  env_clear: ({ tx }) => tx.clear(),
  async recompute_all({ env, tx }) {
    await env.run(() => {
      for (const [field, ids] of tx.tocompute) for (const record of env.model(field.model).browse([...ids])) record.get(field.name);
    });
  },
  async new(world, { model, vals, origin, ref, as_handle: handle, as }) {
    const name = need(model, 'model');
    const env = world.envOf(as);
    const values = valuesOf(world.models, name, vals ?? {});
    const drafts = await env.run(() => (env.model(name) as unknown as Drafting).new(values, { ...(origin === undefined ? {} : { origin }), ...(ref === undefined ? {} : { ref }) }));
    if (handle !== undefined) world.handles.set(handle, drafts);
    return world.namesOf(drafts.ids);
  },
  set: (world, step) => {
    const records = world.recordsOf(step);
    const values = valuesOf(world.models, records.model, step.vals);
    return records.env.run(() => {
      for (const record of records) for (const [name, value] of Object.entries(values)) record.set(name, value);
    });
  },
  set_many: (world, step) => {
    const records = world.recordsOf(step);
    const { field = '', mul = 1 } = step;
    return records.env.run(() => {
      for (const record of records) record.set(field.split('.').at(-1) ?? '', Number(record.id) * mul);
    });
  },
  add_to_compute: (world, step) => {
    world.tx.tocompute.mark(fieldNamed(world, step), idsOf(step.ids), 'certain');
  },
  remove_to_compute: (world, step) => world.tx.tocompute.unmark(fieldNamed(world, step), idsOf(step.ids)),
  is_protected: (world, step) => {
    const field = fieldNamed(world, step);
    return idsOf(step.ids).every((id) => world.tx.protected.get(field)?.has(id) ?? false);
  },
  hook: (world, step) => {
    const label = need(step.label, 'label');
    hooksOf(world, step).add(async () => {
      world.hooksRun.push(label);
      if (step.raise === true) throw new HookError(`hook ${label} raises`);
      const written = writtenBy(step);
      if (!written) return;
      const records = world.recordsOf(written);
      await records.write(valuesOf(world.models, records.model, written.vals));
    });
  },
  async run_hooks(world, step) {
    const before = world.hooksRun.length;
    await hooksOf(world, step).run();
    return world.hooksRun.slice(before);
  },
  hooks_log: ({ hooksRun }) => [...hooksRun],
  env_identity: (world, { contexts = [] }) => {
    const envs = contexts.map((context) => world.envOf(askingOf(context)));
    return envs.map((one) => envs.map((other) => one === other));
  },
  count_read: (world, step) => {
    const records = world.recordsOf(step);
    return records.env.run(() => [...records].map((record) => record.get(need(step.field, 'field'))).length);
  },
  count_read_first: (world, step) => {
    const records = world.recordsOf(step);
    return records.env.run(() => {
      for (const record of records) {
        record.get(need(step.field, 'field'));
        break;
      }
    });
  },
  count_calls: ({ calls }) => calls.totals(),
};

/** TODO(oracle): goes when records.new is there. */
interface Drafting {
  readonly new: (values: object, options: object) => RecordSet;
}

/** A field's value as recordings keep it: relations as lists of ids. */
function readAll(world: World, record: RecordSet, fields: readonly string[] | null): Record<string, unknown> {
  return Object.fromEntries((fields ?? []).map((name) => {
    const value = record.get(name);
    const isRelation = record.env.registry.field(record.model, name).relation !== undefined;
    return [name, isRelation ? world.namesOf(value === null ? [] : (value as RecordSet).ids) : value];
  }));
}

/** What a hook writes: beside the step's model and ids, or told with its own. */
function writtenBy(step: StepData): StepData | undefined {
  const { write, vals } = step;
  if (typeof write === 'object' && write !== null) return 'vals' in write ? { ...step, ...write } : { ...step, vals: write };
  return vals === undefined ? undefined : step;
}

function onPath<T>(world: World, step: StepData, work: (records: RecordSet, path: string) => T): Promise<T> {
  const records = world.recordsOf(step);
  return records.env.run(() => work(records, step.path ?? step.field ?? ''));
}

function isTrueAt(record: RecordSet, path: string): boolean {
  const values = record.mapped(path);
  return 'ids' in values ? values.ids.length > 0 : values.some(isTrue);
}

function columnsOf(sql: StepData['sql']): readonly string[] {
  return (sql ?? []).flatMap((statement) => (statement as { cols?: readonly string[] }).cols ?? []);
}

/** Fields of a model by name; all of them where none is named. */
function fieldsOf({ env }: World, model: string, names: readonly string[] | null | undefined): readonly Field[] {
  return names ? names.map((name) => env.registry.field(model, name)) : [...env.registry.model(model).fields.values()];
}

/** `"lab.order.total"`, or a name beside the step's model. */
function fieldNamed({ env }: { readonly env: Environment }, { field, model }: StepData): Field {
  const name = need(field, 'field');
  const at = name.lastIndexOf('.');
  return at === -1 ? env.registry.field(need(model, 'model'), name) : env.registry.field(name.slice(0, at), name.slice(at + 1));
}

function hooksOf({ tx }: World, { kind }: StepData): Hooks {
  switch (kind) {
    case 'precommit': return tx.precommit;
    case 'postcommit': return tx.postcommit;
    case 'prerollback': return tx.prerollback;
    case 'postrollback': return tx.postrollback;
    default: throw new UnknownRecordingError(`there are no hooks of kind '${String(kind)}'`);
  }
}

/** `{ context, uid, company }`, or the context alone with the user among its keys. */
function askingOf(context: Readonly<Record<string, unknown>>): Asking {
  const isAsking = Object.keys(context).every((key) => key === 'context' || key === 'uid' || key === 'company');
  if (isAsking) return context;
  const { uid, ...others } = context;
  return { context: others, ...(typeof uid === 'number' ? { uid } : {}) };
}
