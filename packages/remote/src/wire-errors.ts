import { ConcurrentModificationError, ConflictError, ConstraintError, MisuseError, OrmoluError, OutageError, type VersionConflict } from '@ormolu/kernel';
import type { Access } from './access';
import { ServerFaultError } from './errors';
import type { WireError } from './protocol';

/** The classes that callers tell apart, the special before the general. */
const KINDS = { ConcurrentModificationError, ConflictError, ConstraintError, OutageError, MisuseError, OrmoluError } as const;

/** Codes of errors whose texts quote what somebody's own function threw, which may have seen what a user may not. */
export const QUOTING: readonly string[] = ['TX_COMPUTE_FAILED', 'TX_DEFAULT_FAILED'];

/**
 * An error as it travels. What is none of Ormolu's stays where it is: its text may hold anything. Details hold values: a user is told of none but the
 * versions that he asked after.
 */
export function toWire(error: unknown, access: Access): WireError {
  const known = OrmoluError.is(error) && (access === 'worker' || !QUOTING.includes(error.code)) ? error : new ServerFaultError();
  const kind = Object.entries(KINDS).find(([, type]) => known instanceof type)?.[0] ?? 'OrmoluError';
  const isTold = access === 'worker' || known instanceof ConcurrentModificationError;
  return { kind, code: known.code, message: known.message, details: isTold ? known.details : {} };
}

/** An error as it was thrown on the other side: its class as far as the kernel knows it, its code, text and details. */
export function fromWire({ kind, code, message, details }: WireError): OrmoluError {
  if (kind === 'ConcurrentModificationError') {
    const [conflict, ...others] = Array.isArray(details['conflicts']) ? details['conflicts'] as readonly VersionConflict[] : []; // as that error made it
    if (conflict) return new ConcurrentModificationError(conflict, others);
  }
  switch (kind) {
    case 'ConflictError': return new ConflictError(code, message, { details });
    case 'ConstraintError': return new ConstraintError(code, message, { details });
    case 'OutageError': return new OutageError(code, message, { details });
    case 'MisuseError': return new MisuseError(code, message, { details });
    default: return new OrmoluError(code, message, { details });
  }
}
