/** Noise for figures that do not wait for the engine. Its law is that of the library's; its random bits are its own. */

/** Standard Gumbel noise of a seed: each call draws the next `count` numbers. */
export function gumbelNoise(seed: number): (count: number) => number[] {
  const bits = randomBits(seed);
  return (count) => Array.from({ length: count }, () => gumbelFromBits(bits()));
}

/** `-log(-log(1 - v))` with v the middle of one of 2^32 cells, as `noise.gumbelFromBits` of the library. */
export function gumbelFromBits(bits: number): number {
  return -Math.log(-Math.log1p(-(bits + 0.5) / 2 ** 32));
}

/** 32 bits a call, by a counter that is mixed: splitmix32, with the constants of MurmurHash3's finalizer. */
function randomBits(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
