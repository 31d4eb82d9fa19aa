import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { MisuseError, typeName } from '@ormolu/kernel';

/** A secret under which entries are sealed. */
export interface SharedKey {
  /** By which entries say what they were sealed with; the same in every process. */
  readonly id: string;
  /** 32 bytes, or these in base64. Secret: take it from where the program has its other secrets. */
  readonly key: Uint8Array | string;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const ID_BYTES = 4;
const SALT_BYTES = 16;
const COUNTER_BYTES = 6;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = ID_BYTES + SALT_BYTES + COUNTER_BYTES + TAG_BYTES;
/** Processes whose entries are met at a time: each has keys of its own. */
const MOST_DERIVED = 1_000;

interface Secret {
  readonly name: Buffer;
  readonly key: Buffer;
}

/**
 * Seals bytes so that who has none of the keys can neither read nor change them, nor put them in another place: AES-256-GCM.
 *
 * The first key seals, all of them open: a new one is put before the others in every process as a key that opens, then as the first, and the old one
 * taken away when what it sealed has expired. Every process seals under a key derived from the secret and a salt of its own, and counts: no
 * nonce comes twice under one key, however many entries there are.
 */
export class KeyRing {
  readonly #secrets: readonly Secret[];
  readonly #sealing: Buffer;
  readonly #salt = randomBytes(SALT_BYTES);
  readonly #derived = new Map<string, Buffer>();
  #count = 0;

  /** @throws {MisuseError} TIER_KEYS for a list that is empty, a key that has not 32 bytes, or ids that are the same */
  constructor(keys: readonly SharedKey[]) {
    this.#secrets = keys.map(({ id, key }) => ({ name: createHash('sha256').update(id).digest().subarray(0, ID_BYTES), key: bytesOf(id, key) }));
    const [first] = this.#secrets;
    if (!first) throw new MisuseError('TIER_KEYS', 'The keys of a cache are an empty list. Give at least one: [{ id: \'2026-1\', key: thirtyTwoBytes }]; leave the option out to seal nothing.');
    if (new Set(this.#secrets.map(({ name }) => name.toString('hex'))).size < keys.length) throw new MisuseError('TIER_KEYS', 'Two keys of a cache have the same id. Entries say by it what they were sealed with: give each its own.');
    this.#sealing = derived(first, this.#salt);
  }

  /** @param about - what the bytes are and where they stand: whoever opens them has to say the same */
  seal(bytes: Uint8Array, about: Uint8Array): Buffer {
    const head = Buffer.alloc(HEAD_BYTES);
    this.#secrets[0]?.name.copy(head, 0);
    this.#salt.copy(head, ID_BYTES);
    head.writeUIntBE(this.#count, ID_BYTES + SALT_BYTES, COUNTER_BYTES);
    this.#count += 1;
    const cipher = createCipheriv(CIPHER, this.#sealing, nonceOf(head));
    cipher.setAAD(about);
    const sealed = [cipher.update(bytes), cipher.final()];
    cipher.getAuthTag().copy(head, HEAD_BYTES - TAG_BYTES);
    return Buffer.concat([head, ...sealed]);
  }

  /** @returns undefined for what was sealed by none of the keys, changed, or put in another place */
  open(sealed: Uint8Array, about: Uint8Array): Buffer | undefined {
    const whole = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (whole.length < HEAD_BYTES) return undefined;
    const secret = this.#secrets.find(({ name }) => name.equals(whole.subarray(0, ID_BYTES)));
    if (!secret) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#keyFor(secret, whole.subarray(ID_BYTES, ID_BYTES + SALT_BYTES)), nonceOf(whole));
    decipher.setAAD(about);
    decipher.setAuthTag(whole.subarray(HEAD_BYTES - TAG_BYTES, HEAD_BYTES));
    try {
      return Buffer.concat([decipher.update(whole.subarray(HEAD_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  /** A digest that tells nobody without the key what was digested. */
  digest(text: string): string {
    return createHmac('sha256', this.#secrets[0]?.key ?? '').update(text).digest('base64url');
  }

  #keyFor(secret: Secret, salt: Buffer): Buffer {
    const name = `${secret.name.toString('latin1')}${salt.toString('latin1')}`;
    let key = this.#derived.get(name);
    if (key) return key;
    key = derived(secret, salt);
    if (this.#derived.size >= MOST_DERIVED) this.#derived.clear();
    this.#derived.set(name, key);
    return key;
  }
}

function derived({ key }: Secret, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'ormolu shared entry', KEY_BYTES));
}

/** The count, behind zeros. */
function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  head.copy(nonce, NONCE_BYTES - COUNTER_BYTES, ID_BYTES + SALT_BYTES, ID_BYTES + SALT_BYTES + COUNTER_BYTES);
  return nonce;
}

function bytesOf(id: string, key: Uint8Array | string): Buffer {
  // One that an environment variable was to name may be missing.
  const given: unknown = key;
  if (typeof given !== 'string' && !ArrayBuffer.isView(given)) throw new MisuseError('TIER_KEYS', `The key '${id}' of a cache is ${typeName(given)}. Give 32 random bytes, or these in base64: openssl rand -base64 32; is an environment variable missing?`);
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key);
  if (bytes.length !== KEY_BYTES) throw new MisuseError('TIER_KEYS', `The key '${id}' of a cache has ${String(bytes.length)} bytes. Give 32 random ones, or these in base64: openssl rand -base64 32.`);
  return bytes;
}
