import { MisuseError } from '@ormolu/kernel';
import { createHash } from 'node:crypto';
import type { BackendLimits } from '../backend/backend';
import { isWellFormed } from './well-formed';

const PREFIX = /^[\w.:-]{1,80}$/;

/** How the things of one cache are called on a cache server. */
export class KeyNames {
  readonly mark: string;
  readonly #prefix: string;
  readonly #keys: string;
  readonly #tags: string;
  readonly #refreshes: string;
  readonly #limits: BackendLimits;

  /** @throws {MisuseError} TIER_PREFIX for a prefix or name that no server could take */
  constructor({ prefix, name, limits }: { readonly prefix: string; readonly name: string; readonly limits: BackendLimits }) {
    checkNames(prefix, name);
    this.#prefix = `${prefix}:${written(name)}`;
    this.#limits = limits;
    this.mark = `${this.#prefix}:m`;
    // Texts put together of several parts are taken apart again by whoever writes them: two parts are the fewest.
    this.#keys = `${this.#prefix}:k:`;
    this.#tags = `${this.#prefix}:t:`;
    this.#refreshes = `${this.#prefix}:r:`;
  }

  of(given: string): string {
    const key = distinct(given);
    return this.#fits(this.#keys, key) ? this.#keys + key : this.#digested('k', key);
  }

  /** Tags that are the same in UTF-8, as entries have them, are one. */
  ofTag(tag: string): string {
    return this.#fits(this.#tags, tag) ? this.#tags + tag : this.#digested('t', tag);
  }

  ofRefresh(given: string): string {
    const key = distinct(given);
    return this.#fits(this.#refreshes, key) ? this.#refreshes + key : this.#digested('r', key);
  }

  /** Of all keys that fit a pattern; undefined where keys are digested for their characters, and no pattern finds them. */
  ofPattern(pattern: string): string | undefined {
    return this.#limits.anyCharacter ? this.#keys + distinct(pattern) : undefined;
  }

  /** A prefix has characters that every server takes. */
  #fits(prefix: string, key: string): boolean {
    const { anyCharacter, keyBytes } = this.#limits;
    const length = prefix.length + key.length;
    return anyCharacter ? length * 3 <= keyBytes || prefix.length + Buffer.byteLength(key) <= keyBytes : length <= keyBytes && /^[!-~]*$/.test(key);
  }

  /** A key that is too long, or has characters the server cannot take, is known by its digest. */
  #digested(kind: string, key: string): string {
    return `${this.#prefix}:d${kind}:${createHash('sha256').update(key).digest('base64url')}`;
  }
}

const STAND_IN = '\ufffd';

/** Halves of surrogate pairs would all be U+FFFD in UTF-8: each is written as that and its number, and so is U+FFFD itself. Part by part, so that patterns fit what they fitted. */
function distinct(key: string): string {
  return isWellFormed(key) && !key.includes(STAND_IN) ? key : key.replace(/[\p{Surrogate}\ufffd]/gu, (one) => STAND_IN + one.charCodeAt(0).toString(16));
}

/** What one cache of many processes tells its likes goes through this channel. @throws {MisuseError} TIER_PREFIX */
export function channelOf(prefix: string, name: string): string {
  checkNames(prefix, name);
  return `${prefix}:${written(name)}:bus`;
}

/** As no prefix can end: of two programs with prefixes `a` and `a:b`, none has a cache where the other has one. */
function written(name: string): string {
  return name.replaceAll(':', '%');
}

function checkNames(...parts: readonly string[]): void {
  for (const part of parts) {
    if (!PREFIX.test(part)) throw new MisuseError('TIER_PREFIX', `'${part}' cannot stand in the keys of a cache server. Take at most 80 letters, digits, '_', '.', ':' and '-' for a prefix, and for the name of a cache with a second level or a bus.`);
  }
}
