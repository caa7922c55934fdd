/**
 * Positive numbers of any size, as sums and products of them need it: `mantissa 2^(48 exponent)`, the exponent a whole
 * number in a float32 of its own. To add two such numbers takes comparisons in place of exponentials, so the engine
 * computes four at a time, and the sum is right to float32's rounding, be it of exp(1e4) or of exp(-1e4).
 */

import { numpy as np } from "@jax-js/jax";

export interface Scaled {
  /** From 2^-24 to 2^24, or a little beyond; 0 for the number 0. */
  readonly mantissa: np.Array;
  /** Far below all others for the number 0. */
  readonly exponent: np.Array;
}

const UNIT = 2 ** 48;
const LARGEST = 2 ** 24;

/** The logarithm of a step of the exponent, as a sum of which a whole number up to 4,096 times the first part is exact. */
const LOG_UNIT = 48 * Math.LN2;
const LOG_UNIT_HIGH = 2129 / 64;
const LOG_UNIT_LOW = LOG_UNIT - LOG_UNIT_HIGH;

/** The exponent of 0, and what sums of exponents are above where none is of 0. */
const NOWHERE = -1e35;
const LOWEST_EXPONENT = -1e34;

/** A logarithm as that of a mantissa, from -17 to 17, and the exponent. */
export interface Logarithm {
  readonly rest: np.Array;
  readonly exponent: np.Array;
}

/** @param x finite, consumed */
export function logarithmOf(x: np.Array): Logarithm {
  const exponent = np.floor(x.ref.mul(1 / LOG_UNIT).add(0.5));
  const rest = x.sub(exponent.ref.mul(LOG_UNIT_HIGH)).sub(exponent.ref.mul(LOG_UNIT_LOW));
  // Numbers above 1e8 are known to a multiple of more than a step.
  return { rest: np.clip(rest, -LOG_UNIT / 2, LOG_UNIT / 2), exponent };
}

/** `rest + exponent log(2^48)`: the inverse. */
export function plainLogarithm(rest: np.Array, exponent: np.Array): np.Array {
  return exponent.ref.mul(LOG_UNIT_HIGH).add(exponent.mul(LOG_UNIT_LOW).add(rest));
}

/** The exponentials of logarithms; 0 where they are not possible. */
export function exponentialOf({ rest, exponent }: Logarithm): Scaled {
  return { mantissa: np.where(isPossible(exponent.ref), np.exp(rest), 0), exponent };
}

/** Logarithms, that of 0 where a condition does not hold. */
export function possibleWhere(condition: np.Array, { rest, exponent }: Logarithm): Logarithm {
  return { rest, exponent: np.where(condition, exponent, NOWHERE) };
}

/** Whether an exponent, or the sum of many, is of possible numbers alone. */
export function isPossible(exponent: np.Array): np.Array {
  return exponent.greater(LOWEST_EXPONENT);
}

/** Brings mantissas from between 2^-72 and 2^72 back into their range. */
export function normalized({ mantissa, exponent }: Scaled): Scaled {
  const isLarge = mantissa.ref.greater(LARGEST);
  const isSmall = mantissa.ref.less(1 / LARGEST);
  return {
    mantissa: mantissa.mul(np.where(isLarge.ref, 1 / UNIT, np.where(isSmall.ref, UNIT, 1))),
    exponent: exponent.add(np.where(isLarge, 1, np.where(isSmall, -1, 0))),
  };
}

/** A mantissa beside a larger exponent, `distance` of 0 or less away from its own: 0 from two steps on. */
export function aligned(mantissa: np.Array, distance: np.Array): np.Array {
  const isNear = distance.ref.greater(-0.5);
  return mantissa.mul(np.where(isNear, 1, np.where(distance.greater(-1.5), 1 / UNIT, 0)));
}
