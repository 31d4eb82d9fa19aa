import { MisuseError } from '@ormolu/kernel';
import type { Backend } from './backend/backend';
import { MemcachedServer } from './backend/memcached/memcached-server';
import type { MetaAddress } from './backend/memcached/meta-connection';
import { Ring, type RingNode } from './backend/ring';

/** How Memcached servers are spoken to. */
export interface MemcachedOptions {
  /** What the servers take at most (their option -I); larger values are not sent. @defaultValue 1 MiB, as theirs */
  readonly maxItemBytes?: number | undefined;
}

const DEFAULT_PORT = 11_211;
const MEBIBYTE = 1_048_576;
/** What Memcached itself takes for -I at least. */
const LEAST_ITEM = 1_024;

/**
 * One or several Memcached servers (1.6 or newer) as the second level of caches: each has its share of the keys.
 *
 * @param servers - `'host:port'` (11211 unless given, `'[::1]:11211'` for IPv6), or the path of a Unix socket, `'/run/memcached.sock'`. Every process has to name
 *   the same ones in the same way, or they will not find each other's values
 * @throws {MisuseError} TIER_MEMCACHED_SERVER for a list that is empty or names a server twice, and for what is no server; TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID
 * @remarks Connects at once, once to each server, and reconnects by itself. Whoever made it closes it.
 * @see docs/decisions/0070
 * @example caches: { rates: { l2: memcached(['cache-1:11211', 'cache-2:11211']), ttl: '5m' } }
 */
export function memcached(servers: string | readonly string[], options: MemcachedOptions = {}): Backend {
  const { maxItemBytes = MEBIBYTE, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new MisuseError('TIER_OPTION_UNKNOWN', `memcached() has no option '${unknown}'. There is maxItemBytes.`);
  if (!Number.isInteger(maxItemBytes) || maxItemBytes < LEAST_ITEM) throw new MisuseError('TIER_OPTION_INVALID', `memcached() was given ${String(maxItemBytes)} for maxItemBytes. Give a whole number of bytes, at least ${String(LEAST_ITEM)}: what its servers were started with as -I.`);
  const given: unknown = servers;
  if (typeof given !== 'string' && !Array.isArray(given)) throw new MisuseError('TIER_MEMCACHED_SERVER', "memcached() was given nothing to connect to. Name its servers: memcached(['127.0.0.1:11211']); is an environment variable missing?");
  const names = typeof servers === 'string' ? [servers] : servers;
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new MisuseError('TIER_MEMCACHED_SERVER', `memcached() was given '${twice}' twice. Name every server once.`);
  const addresses = names.map((name): readonly [string, MetaAddress] => [name, addressOf(name)]);
  const [first, ...others] = addresses.map(([name, address]): RingNode => ({ name, backend: new MemcachedServer(address, { maxItemBytes }) }));
  if (first === undefined) throw new MisuseError('TIER_MEMCACHED_SERVER', "memcached() was given no server. Name at least one: memcached(['127.0.0.1:11211']).");
  return new Ring([first, ...others]);
}

function addressOf(name: unknown): MetaAddress {
  if (typeof name === 'string') {
    if (name.startsWith('/')) return { path: name };
    const [, bracketed, plain, port = String(DEFAULT_PORT)] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(name) ?? [];
    const host = bracketed ?? plain;
    if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  }
  throw new MisuseError('TIER_MEMCACHED_SERVER', `memcached() was given ${typeof name === 'string' ? `'${name}'` : String(name)}, which is no server. Give 'host:port', or the path of a Unix socket that begins with '/'.`);
}
