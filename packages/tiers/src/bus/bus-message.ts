/** What one process tells the others of a cache: what of it has changed. */
export type BusMessage =
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'all' };

const VERSION = 1;

/** @param from - who says it: senders do not listen to themselves */
export function messageToBytes(from: string, message: BusMessage): Buffer {
  return Buffer.from(JSON.stringify({ v: VERSION, from, ...message }), 'utf8');
}

/** @returns undefined for what no process of ours says */
export function messageFromBytes(bytes: Uint8Array): (BusMessage & { readonly from: string }) | undefined {
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof told !== 'object' || told === null) return undefined;
  const { v, from, kind, keys, tag, pattern } = told as Readonly<Record<string, unknown>>;
  if (v !== VERSION || typeof from !== 'string') return undefined;
  if (kind === 'keys' && Array.isArray(keys) && keys.every((key): key is string => typeof key === 'string')) return { from, kind, keys };
  if (kind === 'tag' && typeof tag === 'string') return { from, kind, tag };
  if (kind === 'pattern' && typeof pattern === 'string') return { from, kind, pattern };
  return kind === 'all' ? { from, kind } : undefined;
}
