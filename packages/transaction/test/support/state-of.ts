import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Transaction } from '../../src/index';

/** More than any test has records of a model. */
const IDS: readonly Id[] = Array.from({ length: 30 }, (_, id) => id + 1).concat(99);

/** Everything that a rollback must restore, as plain values. */
export function stateOf(tx: Transaction): { readonly values: ReadonlyMap<string, unknown>; readonly queues: unknown } {
  const models = [...tx.registry.models.values()];
  const fields = models.flatMap((model) => [...model.fields.values()]);
  return {
    values: new Map(fields.flatMap((field) => [...tx.cache.entries(field)].map(([, id, value]) => [`${field.model}(${String(id)}).${field.name}`, value]))),
    queues: {
      dirty: tx.towrite,
      tocompute: new Map([...tx.tocompute].map(([field, ids]) => [field.toString(), new Map([...ids].map((id) => [id, [tx.toCompute.possibleSince(field, id) ?? 'certain', tx.toCompute.markedAt(field, id)]]))])),
      changed: fields.filter((field) => tx.toCompute.changesOf(field)).flatMap((field) => timesOf(tx, field, (id, time) => tx.toCompute.hasChangedSince(field, id, time))),
      unseen: fields.filter((field) => tx.unseen.has(field)).flatMap((field) => timesOf(tx, field, (id, time) => tx.unseen.hasSince(field, id, time))),
      absent: models.flatMap(({ name }) => IDS.filter((id) => tx.absent.has(name, id)).map((id) => `${name}(${String(id)})`)),
      pending: [...tx.triggers].map(({ firing, key, ids, side, settled, spared, to }) => ({
        cause: firing.cause.toString(), at: firing.sequence, isUnseen: firing.isUnseen, isIndirect: firing.isIndirect, key: key.toString(), ids, side, spared, to,
        settled: new Map([...settled].filter(([, done]) => done.size > 0).map(([field, done]) => [field.toString(), new Set(done)])),
      })),
      assigned: fields.map((field) => [field.toString(), exemptIn(tx, field)]),
      pairs: new Set(tx.pairs.tables()),
      protected: tx.protected.depth,
      hooks: [tx.precommit, tx.postcommit, tx.prerollback, tx.postrollback].map((hooks) => [hooks.size, [...hooks.data]]),
    },
  };
}

/** The records of a field of which something holds since some moment, each with the last of these. */
function timesOf(tx: Transaction, field: Field, holds: (id: Id, time: number) => boolean): readonly (readonly [value: string, time: number])[] {
  const times = Array.from({ length: tx.triggers.sequence }, (_, time) => time + 1);
  return IDS.flatMap((id) => {
    const time = times.findLast((one) => holds(id, one));
    return time === undefined ? [] : [[`${field.model}(${String(id)}).${field.name}`, time] as const];
  });
}

/** The records of a field that each of the pending triggers leaves alone. */
function exemptIn(tx: Transaction, field: Field): readonly (readonly Id[])[] {
  return [...tx.triggers].map(({ firing }) => IDS.filter((id) => tx.triggers.isExempt(firing, field, id)));
}
