import type * as Msgpackr from 'msgpackr';
import { deserialize, serialize } from 'node:v8';
import { loadPackage } from '../backend/load-package';
import { fromPlainForm, refuseClasses, toPlainForm } from './plain-form';
import { isPlainMessagePack } from './plain-msgpack';

/**
 * How values become bytes. All keep dates, bigints, bytes, maps and sets; none brings back functions or objects of classes.
 *
 * `json`: no package, readable on the server; `msgpack`: smaller and faster with many numbers, through msgpackr; `v8`: what `structuredClone` keeps,
 * cycles too, for processes of one version of Node.
 */
export type SerializerName = 'json' | 'msgpack' | 'v8';

/** A value as bytes, and how they were made of it. */
export interface Serialised {
  readonly bytes: Uint8Array;
  /** 0 to 7; what is needed to read it, whatever the reader would write itself. */
  readonly form: number;
}

/** Makes bytes of values. @throws {TypeError} what it throws says why a value cannot be kept */
export type Serializer = (value: unknown) => Serialised;

const JSON_PLAIN = 0;
const JSON_REPLACED = 1;
const MSGPACK = 2;
const V8 = 3;
const MSGPACK_REPLACED = 4;

/** @throws {MisuseError} TIER_PACKAGE_MISSING for 'msgpack' without msgpackr */
export function serializerNamed(name: SerializerName): Serializer {
  if (name === 'v8') {
    return (value) => {
      refuseClasses(value);
      return { bytes: serialize(value), form: V8 };
    };
  }
  if (name === 'msgpack') {
    const packr = messagePack();
    return (value) => {
      const { form, isReplaced } = toPlainForm(value, 'scalars');
      return { bytes: packr.pack(form), form: isReplaced ? MSGPACK_REPLACED : MSGPACK };
    };
  }
  return (value) => {
    const { form, isReplaced } = toPlainForm(value, 'nothing');
    return { bytes: Buffer.from(JSON.stringify(form), 'utf8'), form: isReplaced ? JSON_REPLACED : JSON_PLAIN };
  };
}

/** Reads what any of the serializers wrote, which lies between two places of some bytes. @throws {Error} for what none did */
export function deserialisedIn(whole: Buffer, { from, end, form }: { readonly from: number; readonly end: number; readonly form: number }): unknown {
  // The usual case makes no view of the bytes.
  return form === JSON_PLAIN ? JSON.parse(whole.toString('utf8', from, end)) : deserialised(whole.subarray(from, end), form);
}

/** Reads what any of the serializers wrote. @throws {Error} for what none did */
export function deserialised(bytes: Buffer, form: number): unknown {
  if (form === JSON_PLAIN) return JSON.parse(bytes.toString('utf8'));
  if (form === JSON_REPLACED) return fromPlainForm(JSON.parse(bytes.toString('utf8')));
  if (form === MSGPACK) return unpacked(bytes);
  if (form === MSGPACK_REPLACED) return fromPlainForm(unpacked(bytes));
  // Bytes in the value are views of what it is read from: that must not keep the rest of what came over the network.
  if (form === V8) return deserialize(new Uint8Array(bytes));
  throw new TypeError('a form that is never written');
}

function unpacked(bytes: Buffer): unknown {
  if (!isPlainMessagePack(bytes)) throw new TypeError('a form that is never written');
  return messagePack().unpack(bytes);
}

let packr: Msgpackr.Packr | undefined;
let plainPackr: Msgpackr.Packr | undefined;

/** For lists of texts, numbers, bigints, bytes, flags and null. @throws {MisuseError} TIER_PACKAGE_MISSING without msgpackr */
export function plainMessagePack(): Msgpackr.Packr {
  if (plainPackr) return plainPackr;
  const { Packr } = loadPackage('msgpackr', "The serializer 'msgpack'") as typeof Msgpackr;
  plainPackr = new Packr({ useRecords: false, moreTypes: false, structuredClone: false, mapsAsObjects: true });
  return plainPackr;
}

function messagePack(): Msgpackr.Packr {
  if (packr) return packr;
  const { Packr } = loadPackage('msgpackr', "The serializer 'msgpack'") as typeof Msgpackr;
  // Without records: an entry has to be read by a process that has never seen another. Bytes are copied: they must not keep the rest of what came over the network.
  packr = new Packr({ useRecords: false, moreTypes: true, structuredClone: false, mapsAsObjects: true, useBigIntExtension: true, copyBuffers: true });
  return packr;
}
