import { typeName } from '@ormolu/kernel';
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { RemoteOptionError } from './errors';
import type { Writable } from './user-writing';

/**
 * What a token may do. A `worker` is a program that is trusted: its transactions may act as any user, and run SQL where the storage takes any. A `user` is the
 * user of that id, whatever its program says: it sees what his groups allow, and nothing else.
 */
export type Access = 'worker' | UserAccess;

/** What the token of a user may do. */
export interface UserAccess {
  readonly user: number;
  /** The models whose records he may create, write and unlink, as far as he sees their fields; true: all models. @defaultValue he reads */
  readonly mayWrite?: Writable | undefined;
}

/**
 * Who is let in: the tokens of workers, or a function that says what a token may do: nothing, by undefined, null or false. Whatever else it says that is no {@link Access} lets
 * nobody in either, and the keeper of the server is told.
 */
export type Auth = { readonly workers: readonly string[] } | ((token: string) => Access | undefined | Promise<Access | undefined>);

/** Shorter ones are guessed. */
const SHORTEST = 16;

/**
 * Says what a client may do, by its token.
 *
 * @param host - where the server listens: without `auth` it may be heard on this machine only
 * @returns a function that throws REMOTE_OPTION, too, where `auth` has said what cannot be meant: then nobody is let in
 * @throws {RemoteOptionError} REMOTE_OPTION when nobody could be told from anybody
 */
export function gatekeeper(auth: Auth | undefined, host: string): (token: string | undefined) => Promise<Access | undefined> {
  if (auth === undefined) {
    if (!isLoopback(host)) throw new RemoteOptionError(`serve() was to listen on ${host} without 'auth'`, "Give auth: { workers: [token] } or a function of the token; or host: '127.0.0.1', where programs of this machine alone come.");
    return () => Promise.resolve('worker');
  }
  if (typeof auth === 'function') return async (token) => (token === undefined ? undefined : accessOf(await auth(token)));
  const { workers } = auth;
  if (!Array.isArray(workers) || workers.length === 0 || workers.some((token) => typeof token !== 'string' || token.length < SHORTEST)) {
    throw new RemoteOptionError("The option 'auth' of serve() has no workers, or one whose token is too short to be a secret", `Give auth: { workers: [token] } with tokens of at least ${String(SHORTEST)} characters, or a function of the token.`);
  }
  const known = workers.map(digest);
  return (token) => {
    const given = digest(token ?? '');
    // All are compared, whichever is the one: time tells nothing.
    return Promise.resolve(known.filter((one) => timingSafeEqual(one, given)).length > 0 ? 'worker' : undefined);
  };
}

/**
 * What a function of the program's has said, which types hold to its word only where they are looked at: a `user` that is missing would be somebody who has no groups, and whose writes nobody's rules bind.
 * A copy: what has been looked at is what holds.
 */
function accessOf(said: unknown): Access | undefined {
  if (said === 'worker') return said;
  if (said === undefined || said === null || said === false) return undefined;
  const { user, mayWrite } = said as { readonly user?: unknown; readonly mayWrite?: unknown }; // of anything but the two above members can be asked
  if (typeof user !== 'number' || !Number.isSafeInteger(user) || user < 1) {
    throw new RemoteOptionError(`The function 'auth' of serve() has said of a token something whose user is ${typeName(user)}, and it was turned away`, "It returns 'worker', { user } with the user's id, which is a whole number from 1 up, or undefined for a token that it does not know.");
  }
  if (mayWrite === undefined || mayWrite === true) return { user, mayWrite };
  if (Array.isArray(mayWrite) && mayWrite.every((model) => typeof model === 'string')) return { user, mayWrite: [...mayWrite] };
  throw new RemoteOptionError(`The function 'auth' of serve() has said of user ${String(user)} that he may write ${typeName(mayWrite)}, and he was turned away`, 'Give mayWrite: true, or a list of models; without it he reads.');
}

/** Whether only programs of this machine reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
