import type { AddedField, SessionState, TableSchema } from '@ormolu/kernel';
import { typeName } from '@ormolu/kernel';
import type { Told } from './served-sight';
import type { Reached } from './watched-session';

/** What both sides must speak, as a WebSocket subprotocol: one that speaks another is turned away before any message. */
export const SUBPROTOCOL = 'ormolu.4';

/** Calls that name a schema, as their first argument. */
export const NAMING_SCHEMAS: readonly CallName[] = ['open', 'adopt', 'plan', 'migrate'];

/** Every call of a client, by what it is about. `session` calls name a session of the connection; `storage` calls none. */
export const STORAGE_CALLS = ['hello', 'plan', 'migrate', 'filled', 'outcome', 'trim'] as const;
export const SESSION_CALLS = [
  'open', 'adopt', 'sight', 'read', 'compute', 'query', 'count', 'group', 'insert', 'update', 'delete', 'sql', 'signal', 'savepoint', 'rollbackTo', 'release', 'commit', 'rollback', 'stream', 'next', 'leave',
] as const;

export type StorageCall = (typeof STORAGE_CALLS)[number];
export type SessionCall = (typeof SESSION_CALLS)[number];
export type CallName = StorageCall | SessionCall;

/**
 * From client to server: `[serial, call, session, ...arguments]`. The serial comes back with the answer; calls of one session are done in
 * the order in which they were sent, so that nobody waits for one answer before sending the next call.
 */
export interface Call {
  readonly serial: number;
  readonly name: CallName;
  /** 0 for calls about the storage. */
  readonly session: number;
  readonly args: readonly unknown[];
}

/** What is told with every answer about a session: what a client shows without asking. */
export interface SessionFigures extends Told {
  readonly state: SessionState;
  readonly statements: number;
  /** What of this call's question came down to the server's storage. */
  readonly reached?: Reached | undefined;
}

/** An error on its way. `kind` says which class of the kernel it is made into again. */
export interface WireError {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** From server to client: `['answer', serial, value, figures]`, `['error', serial, error, figures]`, `['fill', serial, session, added]`. */
export type Reply =
  | { readonly kind: 'answer'; readonly serial: number; readonly value: unknown; readonly figures: SessionFigures | null }
  | { readonly kind: 'error'; readonly serial: number; readonly error: WireError; readonly figures: SessionFigures | null }
  | { readonly kind: 'fill'; readonly serial: number; readonly session: number; readonly added: readonly AddedField[] };

/** What a user may see, as it travels. */
export interface WireView {
  readonly user: number;
  readonly digest: string;
  readonly models: readonly (readonly [model: string, fields: readonly string[], served: readonly string[]])[];
}

/** A schema as it travels, once a connection. */
export interface WireSchema {
  readonly version: number;
  readonly tables: readonly TableSchema[];
}

/** A schema as a call names it: whole where the other side does not know it. */
export type NamedSchema = readonly [name: string, whole: WireSchema | null];

/** A message that is none of the protocol: the connection is closed, since nothing that follows can be trusted. */
export class FrameError extends Error {}

/** Reads what a client sent. @throws {FrameError} */
export function callOf(message: unknown): Call {
  if (!Array.isArray(message)) throw new FrameError(`a message that is ${typeName(message)}`);
  const [serial, name, session, ...args] = message as readonly unknown[];
  if (!isSerial(serial) || serial === 0) throw new FrameError('a call without a serial');
  if (!isSerial(session)) throw new FrameError('a call whose session is no number');
  if (!isCall(name) || (session === 0) !== isStorageCall(name)) throw new FrameError('a call that is not known');
  return { serial, name, session, args };
}

/** Reads what a server sent. @throws {FrameError} */
export function replyOf(message: unknown): Reply {
  const [kind, serial, third, fourth] = Array.isArray(message) ? message as readonly unknown[] : [];
  if (!isSerial(serial)) throw new FrameError('a reply without a serial');
  // Of a server that speaks this version the rest is what the types say.
  if (kind === 'answer') return { kind, serial, value: third, figures: fourth as SessionFigures | null };
  if (kind === 'error') return { kind, serial, error: third as WireError, figures: fourth as SessionFigures | null };
  if (kind === 'fill') return { kind, serial, session: Number(third), added: fourth as readonly AddedField[] };
  throw new FrameError('a reply that is not known');
}

function isSerial(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0; // a number: isSafeInteger says so
}

function isStorageCall(name: CallName): name is StorageCall {
  return (STORAGE_CALLS as readonly string[]).includes(name);
}

function isCall(name: unknown): name is CallName {
  return typeof name === 'string' && ([...STORAGE_CALLS, ...SESSION_CALLS] as readonly string[]).includes(name);
}
