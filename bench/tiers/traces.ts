/** Series of requests for keys, as caches meet them. 100,000 keys, a cache of 1,000. */
export const KEYS = 100_000;
export const CAPACITY = 1_000;

/** A generator with a fixed seed, so that both sides meet the same series. @see Marsaglia, Xorshift RNGs, 2003 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Keys by popularity: the n-th is asked for `n ** −exponent` as often as the first. */
function zipf(exponent: number, next: () => number): () => number {
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let place = 0; place < KEYS; place += 1) sums[place] = sum += (place + 1) ** -exponent;
  return () => {
    const wanted = next() * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The traces, by name: each gives so many requests. */
export const TRACES: Readonly<Record<string, (requests: number) => Generator<number>>> = {
  'zipf .7': (requests) => popular(requests, 0.7),
  'zipf .9': (requests) => popular(requests, 0.9),
  'zipf 1.1': (requests) => popular(requests, 1.1),
  'zipf .9 with 30 % scans': scanned,
  'a loop over one and a half times what fits': looped,
  'a hot set that moves': moving,
  'an ORM mix': ormMix,
};

function* popular(requests: number, exponent: number): Generator<number> {
  const next = zipf(exponent, random(7));
  for (let at = 0; at < requests; at += 1) yield next();
}

function* scanned(requests: number): Generator<number> {
  const next = zipf(0.9, random(7));
  const coin = random(11);
  let scan = 0;
  for (let at = 0; at < requests; at += 1) {
    if (coin() < 0.3) {
      scan = (scan + 1) % KEYS;
      yield KEYS + scan;
    } else yield next();
  }
}

function* looped(requests: number): Generator<number> {
  for (let at = 0; at < requests; at += 1) yield at % (CAPACITY * 1.5);
}

function* moving(requests: number): Generator<number> {
  const next = zipf(0.9, random(7));
  for (let at = 0; at < requests; at += 1) yield (next() + Math.floor(at / (requests / 10)) * 997) % KEYS;
}

const PAGE = 80;
const REFERENCE = 300;
const READS_AGAIN = 3;

/**
 * What a cache of records under an ORM is asked: transactions that read some popular records several times each, with what they refer to (few records, which everybody
 * refers to), and now and then a page of a list, in order, of which nothing is read again.
 */
function* ormMix(requests: number): Generator<number> {
  const next = zipf(0.9, random(7));
  const coin = random(11);
  let at = 0;
  while (at < requests) {
    if (coin() < 0.05) {
      const first = Math.floor(coin() * (KEYS - PAGE));
      for (let row = 0; row < PAGE && at < requests; row += 1, at += 1) yield KEYS + first + row;
      continue;
    }
    const records = Array.from({ length: 1 + Math.floor(coin() * 8) }, next);
    for (let turn = 0; turn < READS_AGAIN; turn += 1) {
      for (const record of records) {
        if (at >= requests) return;
        // The first reading is the cache's; most of the later ones are answered by the transaction itself.
        if (turn > 0 && coin() < 0.8) continue;
        at += 1;
        yield record;
      }
    }
    if (at < requests) {
      at += 1;
      yield 2 * KEYS + Math.floor(coin() * REFERENCE);
    }
  }
}
