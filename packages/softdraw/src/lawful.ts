/**
 * Which logits have a law. A draw from logits that have none is NaN, and not a plausible answer: so a choice from what
 * another computation spoilt shows, as it does in arithmetic.
 *
 * Upstream: on WebGPU no comparison tells NaN from a number, and the larger of NaN and a number is the number. So NaN is
 * recognized by its bits.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { LOWEST } from "./numerics.ts";

/** The bits of Infinity and of -Infinity, as signed numbers. Those of NaN are above either, up to the next sign. */
const INFINITY_BITS = 0x7f800000;
const MINUS_INFINITY_BITS = -0x800000;

/** Taken off the number of possible entries for each one that has no meaning: more than there can be. */
const SPOILT = 2 ** 24;

/** Whether each entry is a number or infinite, and not NaN. Booleans of the same shape. */
export function isNumber(x: np.Array): np.Array {
  return np.where(isAboveInBits(x, INFINITY_BITS), false, true);
}

/**
 * Whether k entries can be taken of each row: k are possible, and none is NaN or Infinity. Booleans `[..., 1]`.
 *
 * @param logits `[..., n]`, consumed
 */
export function canTake(logits: np.Array, k: number): np.Array {
  return countPossible(logits, -1).greaterEqual(k);
}

/**
 * Whether a permutation can be: every row and every column has a possible entry, and none is NaN or Infinity. This does
 * not tell whether those can be taken all at once. Booleans `[..., 1, 1]`.
 *
 * @param logits `[..., n, n]`, consumed
 */
export function canPermute(logits: np.Array): np.Array {
  const fewest = (axis: -1 | -2) => np.min(countPossible(logits.ref, axis), [-1, -2], { keepdims: true });
  const [ofRows, ofColumns] = [fewest(-1), fewest(-2)];
  logits.dispose();
  return np.minimum(ofRows, ofColumns).greater(0);
}

/** The number of possible entries along an axis, which is kept; negative where one has no meaning. */
function countPossible(logits: np.Array, axis: -1 | -2): np.Array {
  const stopped = lax.stopGradient(logits);
  const isPossible = stopped.ref.greater(LOWEST).astype(np.float32);
  return np.where(isAboveInBits(stopped, INFINITY_BITS - 1), -SPOILT, isPossible).sum(axis, { keepdims: true });
}

/** Whether the bits of a number are above a limit, be its sign what it may. */
function isAboveInBits(x: np.Array, limit: number): np.Array {
  const bits = lax.bitcastConvertType(lax.stopGradient(x).astype(np.float32), np.int32);
  const constant = (value: number) => np.array(value, { dtype: np.int32, device: x.device });
  const isNegativeNaN = bits.ref.greater(constant(MINUS_INFINITY_BITS)).mul(bits.ref.less(constant(0)));
  return bits.greater(constant(limit)).add(isNegativeNaN);
}
