import type { Id, Session } from '@ormolu/kernel';
import type { Environment, RecordSet, Transaction } from '@ormolu/transaction';
import { UnknownRecordingError } from '../scenario';
import type { CallLog } from './call-log';
import { idsOf, IdNames, type RecordedModels } from './recorded-values';
import type { StepData } from './scenario-data';
import type { StatementLog } from './statement-log';

/** The user that a recording means when it names none. */
export const RECORDED_USER = 1;
/** The company that a recording means when it names none. */
export const RECORDED_COMPANY = 1;

/** Who asks, and in which context. */
export type Asking = NonNullable<StepData['as']>;

/** One scenario on its way: the open transaction, and what the operations of a recording keep between them. */
export class World {
  readonly models: RecordedModels;
  readonly env: Environment;
  readonly calls: CallLog;
  readonly statements: StatementLog;
  readonly names = new IdNames();
  readonly handles = new Map<string, RecordSet>();
  /** The labels of the hooks that have run, in order. */
  readonly hooksRun: string[] = [];

  constructor(parts: { readonly models: RecordedModels; readonly env: Environment; readonly calls: CallLog; readonly statements: StatementLog }) {
    this.models = parts.models;
    this.env = parts.env;
    this.calls = parts.calls;
    this.statements = parts.statements;
  }

  get tx(): Transaction {
    return this.env.transaction;
  }

  get session(): Session {
    return this.tx.session;
  }

  /** The environment in which a step is asked. */
  envOf(asking: Asking = {}): Environment {
    let { env } = this;
    if (asking.uid !== undefined && asking.uid !== RECORDED_USER) env = env.withUser(asking.uid);
    if (asking.context) env = env.withContext(ownWords(asking.context));
    return asking.company === undefined ? env : env.withCompany(asking.company);
  }

  /** The records that a step is about: those of a handle, or by model and ids. */
  recordsOf({ model, ids, handle, as }: StepData): RecordSet {
    const env = this.envOf(as);
    if (handle === undefined) return env.model(need(model, 'model')).browse(idsOf(ids));
    const kept = this.handles.get(handle);
    if (!kept) throw new UnknownRecordingError(`there is no handle '${handle}'`);
    return kept.env === env ? kept : kept.withEnv(env);
  }

  nameOf(id: Id): number | string {
    return this.names.of(id);
  }

  namesOf(ids: Iterable<Id>): (number | string)[] {
    return Array.from(ids, (id) => this.nameOf(id));
  }
}

/** Context keys that the engine knows, by its own names. */
function ownWords(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { allowed_company_ids: companies, ...others } = context;
  return companies === undefined ? others : { ...others, allowedCompanyIds: companies };
}

/** A part that the operation cannot do without. */
export function need<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new UnknownRecordingError(`the step has no '${name}'`);
  return part;
}
