import type { ConnectionOptions } from 'node:tls';
import { typeName } from '@ormolu/kernel';
import { RemoteOptionError } from './errors';

/** Where a server is, and how to speak to it. */
export interface Address {
  /** As the caller wrote it, for messages. */
  readonly text: string;
  /** For WebSocket. */
  readonly url: string;
}

/** @param text - `tcp://host:port`, or `tls://host:port` @param tls - given: encrypted in any case @throws {RemoteOptionError} REMOTE_OPTION */
export function addressOf(text: unknown, tls: ConnectionOptions | undefined): Address {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const isKnown = url && ['tcp:', 'tls:'].includes(url.protocol) && url.hostname !== '' && url.port !== '' && ['', '/'].includes(url.pathname) && url.username === '' && url.password === '' && url.search === '';
  if (!isKnown) {
    throw new RemoteOptionError(`remote() was given ${typeof text === 'string' ? 'a text that is no address of a server' : typeName(text)}`, "Give 'tcp://host:port', or 'tls://host:port' for an encrypted connection; a token goes into the option 'token'.");
  }
  return { text: `${url.protocol}//${url.host}`, url: `${url.protocol === 'tls:' || tls ? 'wss' : 'ws'}://${url.host}` };
}
