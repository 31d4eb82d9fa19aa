import { describeIds, MisuseError, OrmoluError, type Id, type NewId } from '@ormolu/kernel';

/** A read of something that is not in memory, in a place where nothing can be fetched. */
export class NotLoadedError extends MisuseError {
  constructor(model: string, field: string, id: Id) {
    super(
      'TX_NOT_LOADED',
      `${model}(${String(id)}).${field} is not loaded. Await records.load(['${field}']) first, or read it inside env.run(() => …).`,
      { details: { model, field, id } },
    );
  }
}

/** A query was iterated or measured where nothing can be fetched. */
export class QueryNotLoadedError extends MisuseError {
  constructor(model: string) {
    super('TX_QUERY_NOT_LOADED', `A query of ${model} was iterated or measured where nothing can be fetched. Await query.all() or query.ids(), or iterate it inside env.run(() => …).`, { details: { model } });
  }
}

/** A read of a value that a write, whose dependents are not known yet, may have made stale. */
export class TriggerPendingError extends MisuseError {
  /** @param isOwn - the write was made by the very run that reads */
  constructor(reading: { model: string; field: string; id: Id }, cause: { model: string; name: string }, { isOwn = false }: { readonly isOwn?: boolean } = {}) {
    const what = `${reading.model}(${String(reading.id)}).${reading.field} may depend on ${isOwn ? 'what this very run has written to' : 'a pending write to'} ${cause.model}.${cause.name}`;
    super(
      'TX_TRIGGER_PENDING',
      isOwn
        ? `${what}, and no field leads back from there to those it concerns. End the run, or the write whose inverse it is, first: read it in the next.`
        : `${what}, and what is in memory cannot tell. Await records.load(['${reading.field}']) or env.flush() first, or read it inside env.run(() => …).`,
      { details: { ...reading, cause: `${cause.model}.${cause.name}` } },
    );
  }
}

/** A field of one record was asked of a set of several records, or of none. */
export class NotSingletonError extends MisuseError {
  constructor(model: string, field: string, count: number) {
    super(
      'TX_NOT_SINGLETON',
      `${model}.${field} was read on a set of ${String(count)} records. Iterate the set, take one with at(i), or use mapped('${field}').`,
      { details: { model, field, count } },
    );
  }
}

/** Records that were expected in the database are not there. */
export class MissingRecordError extends OrmoluError {
  constructor(model: string, ids: readonly Id[], doing: string) {
    super(
      'TX_RECORD_MISSING',
      `${model}(${describeIds(ids)}) ${ids.length === 1 ? 'does' : 'do'} not exist, or no longer: ${doing}. Check with records.exists() first.`,
      { details: { model, ids } },
    );
  }
}

/** A value that the field cannot take, for a reason other than its type. */
export class WriteRefusedError extends MisuseError {}

/** A required field is without a value. */
export class RequiredError extends WriteRefusedError {
  constructor(message: string, { model, name }: { readonly model: string; readonly name: string }, ids?: readonly Id[]) {
    super('TX_REQUIRED', message, { details: { model, field: name, ...(ids ? { ids } : {}) } });
  }
}

/** A compute gave null to records that must have a value. */
export class ComputedNullError extends RequiredError {
  constructor(field: { readonly model: string; readonly name: string }, ids: readonly Id[]) {
    super(`${field.model}.${field.name} of ${describeIds(ids)} is required, and what computes it gave null. Mend the compute or the values it reads, or let the field be null.`, field, ids);
  }
}

/** A function that gives a new record a value threw. */
export class DefaultError extends OrmoluError {
  constructor({ model, name }: { readonly model: string; readonly name: string }, cause: unknown) {
    super('TX_DEFAULT_FAILED', `The default of ${model}.${name} threw${cause instanceof Error ? `: ${cause.message}` : ''}. Give the field a value, or mend its default.`, {
      cause,
      details: { model, field: name },
    });
  }
}

/** A draft, which is not in the database, where only a saved record can be. */
export class DraftError extends MisuseError {
  constructor(field: { readonly model: string; readonly name: string }, draft: NewId) {
    super(
      'TX_DRAFT_UNSAVED',
      `${field.model}.${field.name} refers to the draft ${String(draft)}, which is not in the database. Await its save() first, or save both together.`,
      { details: { model: field.model, field: field.name, id: draft } },
    );
  }
}

/** A draft was used that `clear()` or `reset()` has let go of. */
export class DraftForgottenError extends MisuseError {
  constructor(model: string, draft: NewId) {
    super(
      'TX_DRAFT_FORGOTTEN',
      `The draft ${model}(${String(draft)}) was forgotten by clear() or reset(), which empty memory, drafts included: none of its values are left. Save drafts before, or make a new one.`,
      { details: { model, id: draft } },
    );
  }
}

/** A call that the transaction's state does not allow. */
export class TransactionStateError extends MisuseError {}

/** Misuse of `env.run`. */
export class RunError extends MisuseError {}

/** A user asked for a field that only members of certain groups may see or change. */
export class AccessError extends MisuseError {
  constructor(field: { readonly model: string; readonly name: string; readonly groups?: readonly string[] | undefined }, doing: 'read' | 'write' | 'search') {
    super(
      'TX_ACCESS',
      `This user may not ${doing === 'search' ? 'search by' : doing} ${field.model}.${field.name}: it is for members of ${(field.groups ?? []).join(', ')}. Leave the field out, or let the program ask with env.sudo().`,
      { details: { model: field.model, field: field.name, groups: field.groups } },
    );
  }
}

/** `env.user` or `env.company` was asked of a database that was not told what they are. */
export class NoActorError extends MisuseError {
  constructor(code: string, asked: string, option: 'users' | 'companies') {
    super(code, `${asked} was read, and the database was opened without the option ${option}: name the model, openOrmolu({ ${option}: 'res.${option}', … }).`);
  }
}

/** A field waits for its own value. */
export class ComputeCycleError extends MisuseError {
  /**
   * @param ids - each needs the value of the next, and the last that of the first
   * @param by - the query by way of which they need it
   */
  constructor(model: string, field: string, ids: readonly Id[], by?: string) {
    const way = by !== undefined ? `, by way of ${by}` : ids.length > 1 ? ` (each of ${describeIds(ids)} needs the next, the last needs the first)` : '';
    super(
      'TX_COMPUTE_CYCLE',
      `Computing ${model}.${field} of ${describeIds(ids.slice(0, 1))} needs that same value${way}. Break the cycle in the data, or mend the field's depends.`,
      { details: { model, field, ids } },
    );
  }
}

/** One failed computation. */
export interface ComputeFailure {
  readonly model: string;
  readonly field: string;
  readonly ids: readonly Id[];
  readonly error: unknown;
  /** Where it began, when this compute read a value whose compute failed. */
  readonly behind?: ComputeFailure | undefined;
}

const pairsOf = ({ model, field, ids }: ComputeFailure): string => `${model}.${field} of ${describeIds(ids)}`;

/** One or several computes threw, or did not assign what they compute. The pairs named stay pending. */
export class ComputeError extends OrmoluError {
  readonly failures: readonly ComputeFailure[];

  constructor(failures: readonly ComputeFailure[]) {
    const named = failures.map(pairsOf).join('; ');
    const [first] = failures;
    const where = first?.behind ? `${pairsOf(first.behind)}, which it read: ` : '';
    const why = first?.error instanceof Error ? ` First cause: ${where}${first.error.message}` : '';
    super('TX_COMPUTE_FAILED', `Computing failed for ${named}. These stay pending and are tried again by the next flush.${why}`, {
      cause: first?.error,
      details: { failures },
    });
    this.failures = failures;
  }
}

/** A compute returned without giving one of its fields a value. */
export class ComputeUnassignedError extends OrmoluError {
  constructor(model: string, field: string, ids: readonly Id[]) {
    super(
      'TX_COMPUTE_UNASSIGNED',
      `The compute of ${model}.${field} gave ${describeIds(ids)} no value. Assign every field it computes to every record, null where there is nothing.`,
      { details: { model, field, ids } },
    );
  }
}
