import { AsyncLocalStorage } from 'node:async_hooks';
import type { Session } from './session';

interface Held {
  readonly session: Session;
  readonly outer: Held | undefined;
}

const flow = new AsyncLocalStorage<Held>();

/**
 * Runs work that holds an open session, so that a storage can tell a session opened inside it from one opened beside it.
 *
 * Whoever opens sessions for others' code calls it: a storage with one connection would otherwise wait for itself for ever.
 * @returns what the work returns
 */
export function holding<T>(session: Session, work: () => T): T {
  return flow.run({ session, outer: flow.getStore() }, work);
}

/** The sessions that the current flow of calls holds, the innermost first; those that are over included. */
export function* heldSessions(): Generator<Session> {
  for (let held = flow.getStore(); held; held = held.outer) yield held.session;
}

/** A call that lasts, as the calls made inside it know it. */
export interface CallInFlow {
  readonly call: string;
  readonly outer: CallInFlow | undefined;
}

const calls = new AsyncLocalStorage<CallInFlow>();

/** Runs the work of a call that others must not overlap, so that what is nested in it can be told from what is not. @param work - gets the call as the flow knows it */
export function duringCall<T>(call: string, work: (token: CallInFlow) => T): T {
  const token: CallInFlow = { call, outer: calls.getStore() };
  return calls.run(token, () => work(token));
}

/** Whether the current flow is nested in a call. */
export function isNestedIn(token: CallInFlow): boolean {
  for (let here = calls.getStore(); here; here = here.outer) if (here === token) return true;
  return false;
}
