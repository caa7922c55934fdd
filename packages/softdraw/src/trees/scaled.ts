/**
 * Positive numbers of any size, as sums and products of them need it: `mantissa 2^(48 exponent)`, the exponent a whole
 * number in a float32 of its own. To add two such numbers takes comparisons in place of exponentials, so the engine
 * computes four at a time, and the sum is right to float32's rounding, be it of exp(1e4) or of exp(-1e4).
 */

import { numpy as np } from "@jax-js/jax";

/** How large positive numbers are. */
export interface Size {
  /** Far below all others for the number 0. */
  readonly exponent: np.Array;
  /**
   * Where some are smaller than others whatever their exponents: 0, or how often by so much, which is -1 and less. Kept
   * apart, because beside so large an exponent float32 would lose what else is in it.
   */
  readonly order?: np.Array;
}

export interface Scaled extends Size {
  /** From 2^-24 to 2^24, or a little beyond; 0 for the number 0. */
  readonly mantissa: np.Array;
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

/** The order of 0, below that of any product of others. */
const NO_ORDER = -1000;

/** What an order is worth beside exponents, where sizes are compared. */
const ORDER = 1e32;

/** A logarithm as that of a mantissa, from -17 to 17, and the size. */
export interface Logarithm extends Size {
  readonly rest: np.Array;
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
export function exponentialOf({ rest, ...size }: Logarithm): Scaled {
  return { mantissa: np.where(isPossible(size.exponent.ref), np.exp(rest), 0), ...size };
}

/** Logarithms, that of 0 where a condition does not hold. */
export function possibleWhere(condition: np.Array, { rest, exponent }: Logarithm): Logarithm {
  return { rest, exponent: np.where(condition, exponent, NOWHERE) };
}

// Sizes ---------------------------------------------------------------------------------------------------------------

/** The same of both parts of sizes. */
export function sizeBy({ exponent, order }: Size, f: (x: np.Array) => np.Array): Size {
  return order === undefined ? { exponent: f(exponent) } : { exponent: f(exponent), order: f(order) };
}

function sizeOf(a: Size, b: Size, f: (x: np.Array, y: np.Array) => np.Array): Size {
  const exponent = f(a.exponent, b.exponent);
  return a.order === undefined || b.order === undefined ? { exponent } : { exponent, order: f(a.order, b.order) };
}

/** The size of a product. */
export function times(a: Size, b: Size): Size {
  return sizeOf(a, b, (x, y) => x.add(y));
}

/** The size of a quotient. */
export function over(a: Size, b: Size): Size {
  return sizeOf(a, b, (x, y) => x.sub(y));
}

/** Sizes of the first where a condition holds, of the second elsewhere. */
export function sizeWhere(condition: np.Array, a: Size, b: Size): Size {
  const where = (x: np.Array, y: np.Array) => np.where(condition.ref, x, y);
  const chosen = sizeOf(a, b, where);
  condition.dispose();
  return chosen;
}

/** A quotient's size as one number: above, at or below 0 as the one is larger than the other, as large or smaller. */
export function distanceOf({ exponent, order }: Size): np.Array {
  return order === undefined ? exponent : exponent.add(order.mul(ORDER));
}

/** The larger of two sizes. */
export function larger(a: Size, b: Size): Size {
  if (a.order === undefined) return { exponent: np.maximum(a.exponent, b.exponent) };
  const isLarger = distanceOf(over(kept(b), kept(a))).greater(0);
  return sizeWhere(isLarger, b, a);
}

/** The largest size along the first axis. */
export function largestSize({ exponent, order }: Size): Size {
  if (order === undefined) return { exponent: np.max(exponent, 0) };
  const highest = np.max(order.ref, 0);
  return { exponent: np.max(np.where(order.equal(highest.ref), exponent, 2 * NOWHERE), 0), order: highest };
}

/** Sizes, but where a condition does not hold one that is below all others. */
export function allowedSize(condition: np.Array, { exponent, order }: Size): Size {
  const below = np.where(condition.ref, exponent, 2 * NOWHERE);
  const lowest = order && np.where(condition.ref, order, 2 * NO_ORDER);
  condition.dispose();
  return lowest === undefined ? { exponent: below } : { exponent: below, order: lowest };
}

/** The same arrays for another use. */
export function kept(size: Size): Size {
  return sizeBy(size, (x) => x.ref);
}

/** The orders of logarithms that have one: that of 0 where they are of 0. */
export function orderOf(exponent: np.Array): np.Array {
  return np.where(isPossible(exponent), 0, NO_ORDER);
}

/** Whether an exponent, or the sum of many, is of possible numbers alone. */
export function isPossible(exponent: np.Array): np.Array {
  return exponent.greater(LOWEST_EXPONENT);
}

/** Brings mantissas from between 2^-72 and 2^72 back into their range. */
export function normalized({ mantissa, exponent, ...rest }: Scaled): Scaled {
  const isLarge = mantissa.ref.greater(LARGEST);
  const isSmall = mantissa.ref.less(1 / LARGEST);
  return {
    mantissa: mantissa.mul(np.where(isLarge.ref, 1 / UNIT, np.where(isSmall.ref, UNIT, 1))),
    exponent: exponent.add(np.where(isLarge, 1, np.where(isSmall, -1, 0))),
    ...rest,
  };
}

/** A mantissa beside a larger exponent, `distance` of 0 or less away from its own: 0 from two steps on. */
export function aligned(mantissa: np.Array, distance: np.Array): np.Array {
  const isNear = distance.ref.greater(-0.5);
  return mantissa.mul(np.where(isNear, 1, np.where(distance.greater(-1.5), 1 / UNIT, 0)));
}
