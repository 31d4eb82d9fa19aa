import { ConcurrentModificationError, ConflictError, ConstraintError, MisuseError, OrmoluError, OutageError, type VersionConflict } from '@ormolu/kernel';
import { ServerFaultError } from './errors';
import type { WireError } from './protocol';

/** The classes that callers tell apart, the special before the general. */
const KINDS = { ConcurrentModificationError, ConflictError, ConstraintError, OutageError, MisuseError, OrmoluError } as const;

/** An error as it travels. What is none of Ormolu's stays where it is: its text may hold anything. */
export function toWire(error: unknown): WireError {
  const known = OrmoluError.is(error) ? error : new ServerFaultError();
  const kind = Object.entries(KINDS).find(([, type]) => known instanceof type)?.[0] ?? 'OrmoluError';
  return { kind, code: known.code, message: known.message, details: known.details };
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
