/** PRNG keys beyond what the engine offers. */

import { numpy as np, random } from "@jax-js/jax";

/** A key, consumed, as `count` new ones. */
export function splitKey(key: np.Array, count: number): np.Array[] {
  return np.unstack(random.split(key, count));
}

/**
 * The key of one of 2^32 - 1 independent streams of a seed, from 1: an epoch's order, say, which is then the same whether
 * training began there or came there. Stream 0 is `random.key(seed)` itself, for which the engine would compile a kernel
 * at every new seed: 2 milliseconds.
 */
export function streamKey(seed: number, stream: number): np.Array {
  return np.array(Uint32Array.of(stream, seed));
}
