/** Numbers from a seed: a worker's life can be told by it. @returns whole numbers below a bound */
export function dice(seed: number): (bound: number) => number {
  let state = (seed | 0) || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}
