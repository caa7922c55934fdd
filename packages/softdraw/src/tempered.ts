/** Division by a temperature, finite at every temperature that is allowed. */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "./materialize.ts";
import { LOWEST } from "./numerics.ts";

/** The smallest normal float32. Graphics cards take what is below it for 0. */
export const SMALLEST_TEMPERATURE = 2 ** -126;

/**
 * Temperatures below this count as this. Two keys that are not equal are farther apart by so many orders of magnitude
 * that a relaxation has reached its limit; and a gradient by the temperature, which has its square in the denominator,
 * still is in the range of float32.
 */
const COLDEST = 1e-20;

/**
 * Temperatures above this count as this: the reciprocals of larger ones are below the normal float32 numbers. All keys are
 * alike there.
 */
const HOTTEST = 2 ** 126;

/** The largest distance that is told from larger ones, in temperatures. */
export const FARTHEST = 1e36;

/** Where impossible entries are: below all others, and told from them at every temperature. */
const IMPOSSIBLE = -1e37;

/** Whether each temperature of an array is one: positive, finite, and not too small. Where it is none, a verb gives NaN. */
export function isTemperature(temperature: np.Array): np.Array {
  const fixed = lax.stopGradient(temperature);
  return fixed.ref.greaterEqual(SMALLEST_TEMPERATURE).mul(fixed.less(Number.POSITIVE_INFINITY));
}

/**
 * 1 / temperature, from 2^-126 to 1e20.
 *
 * @param temperature an array that may have a gradient, consumed
 */
export function inverseOf(temperature: np.Array): np.Array {
  const fixed = lax.stopGradient(temperature.ref);
  const inverse = np.reciprocal(np.clip(fixed.ref, COLDEST, HOTTEST));
  // The derivative is the product of two inverses, which would be infinite if it were formed first: so it is two
  // factors, one after the other.
  const change = temperature.sub(fixed).mul(inverse.ref);
  return materialize(inverse.mul(np.subtract(1, change)));
}

/**
 * `(keys - origin) / temperature`, between -1e36 and 1e36; -1e37 for impossible entries, to which no gradient flows.
 *
 * @param keys with `LOWEST` for impossible entries, consumed
 * @param origin a shape that broadcasts with the keys, consumed
 * @param inverse 1 / temperature, a shape that broadcasts with the keys, consumed
 */
export function tempered(keys: np.Array, origin: np.Array | number, inverse: np.Array): np.Array {
  const isPossible = keys.ref.greater(LOWEST);
  const distance = np.clip(keys.sub(origin).mul(inverse), -FARTHEST, FARTHEST);
  return np.where(isPossible, distance, IMPOSSIBLE);
}
