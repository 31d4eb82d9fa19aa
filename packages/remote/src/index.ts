export { type Access, type Auth, type UserAccess } from './access';
export { remote, RemoteStorage, type RemoteOptions } from './client';
export {
  AccessError, ConnectionLostError, DeadlineError, ForbiddenError, IdleError, LimitError, NotCommittedError, OtherModelsError, ProtocolError, RemoteCommitUnknownError, RemoteOptionError, ServerFaultError, TooLongError, UnreachableError,
} from './errors';
export { type Ladder } from './served-ladder';
export { type Limits } from './limits';
export { type View } from './narrowed-schema';
export { type UserWriter, type Writable } from './user-writing';
export { serve, type RemoteServer, type Served, type ServeOptions, type ServerStats } from './server';
