import { FlowVariable } from './flow-variable';
import type { Session } from './session';

interface Held {
  readonly session: Session;
  readonly outer: Held | undefined;
}

const holders = new FlowVariable<Held>();

/**
 * Runs work that holds an open session, so that a storage can tell a session opened inside it from one opened beside it.
 *
 * Whoever opens sessions for others' code calls it: a storage with one connection would otherwise wait for itself for ever.
 * @returns what the work returns
 */
export function holding<T>(session: Session, work: () => T): T {
  return holders.run({ session, outer: holders.current }, work);
}

/** The sessions that the current flow of calls holds, the innermost first; those that are over included. */
export function* heldSessions(): Generator<Session> {
  for (let held = holders.current; held; held = held.outer) yield held.session;
}

/** A call that lasts, as the calls made inside it know it. */
export interface CallInFlow {
  readonly call: string;
  readonly outer: CallInFlow | undefined;
}

const calls = new FlowVariable<CallInFlow>();

/** Runs the work of a call that others must not overlap, so that what is nested in it can be told from what is not. @param work - gets the call as the flow knows it */
export function duringCall<T>(call: string, work: (token: CallInFlow) => T): T {
  const token: CallInFlow = { call, outer: calls.current };
  return calls.run(token, () => work(token));
}

/** Whether the current flow is nested in a call. */
export function isNestedIn(token: CallInFlow): boolean {
  for (let here = calls.current; here; here = here.outer) if (here === token) return true;
  return false;
}
