/**
 * Dropout, from keys.
 *
 * @module
 */

import { lax, numpy as np, random } from "@jax-js/jax";

/**
 * Each entry is 0 with probability `rate`, and otherwise divided by `1 - rate`, so that its mean stays. A rate is taken
 * to the nearest 1/256, because a random word then does for four entries: it is the random bits that take the time.
 * Consumes both.
 *
 * Upstream: random bits are computed one word at a time, and never several at once.
 *
 * Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
 *
 * @param key PRNG key
 * @param rate from 0 to below 1
 */
export function dropout(key: np.Array, x: np.Array, rate: number): np.Array {
  if (rate === 0) {
    key.dispose();
    return x;
  }
  const dropped = Math.round(rate * LEVELS);
  const size = x.size;
  const words = random.bits(key, [1, Math.ceil(size / BYTES)]);
  const bytes = np.bitwiseAnd(np.rightShift(words, unsigned(SHIFTS)).reshape([-1]).slice([0, size]), unsigned([0xff]));
  const isKept = bytes.greaterEqual(unsigned([dropped])).astype(np.float32);
  return x.mul(lax.stopGradient(isKept.mul(LEVELS / (LEVELS - dropped)).reshape(x.shape)));
}

const LEVELS = 256;
const BYTES = 4;
const SHIFTS = [0, 8, 16, 24];

/** A column of numbers. */
function unsigned(values: readonly number[]): np.Array {
  const column = np.array(Uint32Array.from(values));
  return values.length === 1 ? column : column.reshape([values.length, 1]);
}
