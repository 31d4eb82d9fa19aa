import { MisuseError } from '@ormolu/kernel';

/** The database object was used in a way it cannot be. */
export class DatabaseError extends MisuseError {}
