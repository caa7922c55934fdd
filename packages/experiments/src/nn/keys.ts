/**
 * PRNG keys beyond what the engine offers.
 *
 * @module
 */

import { numpy as np, random } from "@jax-js/jax";
import type { ListOf } from "./shapes.ts";

/** A key, consumed, as `count` new ones. */
export function splitKey<Count extends number>(key: np.Array, count: Count): ListOf<np.Array, Count> {
  return np.unstack(random.split(key, count)) as ListOf<np.Array, Count>;
}

/**
 * The key of one of 2^32 - 1 independent streams of a seed, from 1. Which stream is for what, an experiment's are in
 * training/streams.ts. Stream 0 is `random.key(seed)` itself.
 *
 * Upstream: `random.key(seed)` outside of `jit` compiles a kernel for every new seed, which takes 2 milliseconds.
 */
export function streamKey(seed: number, stream: number): np.Array {
  return np.array(Uint32Array.of(stream, seed));
}
