import type { Address } from './address';
import { AccessError, ProtocolError, UnreachableError } from './errors';

/** The other side has ended the handshake, and says why: it does so of certificates of this one. */
const OF_OWN_CERTIFICATE = /_ALERT_(.*_)?(CERTIFICATE|UNKNOWN_CA)/;
/** What Node says of a certificate that it does not trust, and what OpenSSL says of one. */
const OF_CERTIFICATE = /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;
/** What is said of a handshake of TLS where the other side has sent what is none. */
const NO_TLS = /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/;
/** What the reader of HTTP says of an answer that is none, and what is left of a connection that a server ended which waits for TLS. */
const NO_HTTP = /^(HPE_|ECONNRESET$)/;

/** Why no connection came about, as far as the socket tells, and what to do about it. */
export function faultOf(address: Address, cause: Error & { readonly code?: string }, connectMs: number): Error {
  if (/subprotocol/i.test(cause.message)) return new ProtocolError(address.text, 'it does not speak this version of the protocol');
  const reason = cause.code ?? (/timed out/.test(cause.message) ? `no answer within ${String(connectMs)} ms` : 'the handshake failed');
  return new UnreachableError(address.text, reason, cause, remedyOf(reason, address.url.startsWith('wss:')));
}

function remedyOf(reason: string, isEncrypted: boolean): string | undefined {
  if (!isEncrypted) return NO_HTTP.test(reason) ? "What is there does not answer as a server of Ormolu does; the address of one that is served with 'tls' begins with tls://." : undefined;
  if (OF_OWN_CERTIFICATE.test(reason)) return "It wants a certificate of this client's that it trusts: give the option 'tls' of remote() 'cert' and 'key'.";
  if (OF_CERTIFICATE.test(reason)) return "Its certificate is not trusted: give the option 'tls' of remote() the 'ca' that has signed it, and use an address that it names.";
  return NO_TLS.test(reason) ? "What is there does not speak TLS as this client does; the address of a server that is served without 'tls' begins with tcp://." : undefined;
}

/** What an answer of HTTP says to a client that wanted to be let in. */
export function refusalOf(address: Address, status: number): Error {
  if (status === 401 || status === 403) return new AccessError(address.text);
  if (status === 503) return new UnreachableError(address.text, 'it takes no more clients', undefined);
  // It has waited for what stood in a queue between the two.
  if (status === 408) return new UnreachableError(address.text, 'it did not hear in time who calls', undefined);
  return new ProtocolError(address.text, status === 426 ? 'it does not speak this version of the protocol' : `it answered with HTTP status ${String(status)}`);
}
