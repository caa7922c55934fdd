/**
 * The k-th largest number of each row, by counting: the cheapest kernel that the engine has, where to sort is the dearest.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { indicator } from "../numerics.ts";
import { column, sumOfRow } from "../rows.ts";

/**
 * From 1 to any power of two that is a normal float32.
 *
 * Upstream: on WebGPU a constant from 2^63 to 1e21, such as 2^64, does not compile.
 */
const EXPONENT_STEPS = [32, 32, 32, 16, 8, 4, 2, 1];

/** Digits of a float32 after the first one. */
const MANTISSA_BITS = 23;

/** A number that is nearer to 0 is found to this only: it is of no account beside any temperature. */
export const NEGLIGIBLE = 2 ** -99;

/**
 * The k-th largest of each row, exactly, digit by digit as float32 writes it: first its sign, then its exponent, then
 * its mantissa, each by counting how many entries are below what would have that digit. So it takes the same steps
 * whatever the numbers are: to halve the range of numbers that are far apart, as a mask and the rest are, would take too
 * many.
 *
 * Every count ends in the next number to compare with, by arithmetic and without comparisons: so the engine makes it one
 * kernel.
 *
 * @param x without a gradient, `[..., n]`, consumed; below 1.7e38 in size, from where on the result, `[...]`, is NaN
 */
export function kthLargest(x: np.Array, k: number): np.Array {
  const n = x.shape.at(-1)!;
  // 1 if the k-th largest is at least so large, else 0.
  const reaches = (level: np.Array) => {
    const below = sumOfRow(indicator(x.ref.less(column(level))));
    return np.clip(np.subtract(n - k + 1, below), 0, 1);
  };
  const sign = materialize(
    reaches(np.zeros(x.shape.slice(0, -1)))
      .mul(2)
      .sub(1),
  );
  // 1 if the k-th largest is farther from 0 than a number of its sign, or as far if it is positive; else 0.
  const exceeds = (level: np.Array) => reaches(level).sub(0.5).mul(sign.ref).add(0.5);
  let power = sign.ref;
  for (const step of EXPONENT_STEPS) {
    const [up, down] = [2 ** step, 2 ** -step];
    power = exceeds(power.ref)
      .mul(up - down)
      .add(down)
      .mul(power);
  }
  // The numbers of one sign and exponent are a range. Of positive ones the lower end is the power of two itself, and so is
  // the width. Of negative ones the lower end is the next power, and the width half of that.
  const isNegative = sign.ref.mul(-0.5).add(0.5);
  const lowest = materialize(
    exceeds(power.ref)
      .add(1)
      .mul(power.mul(isNegative.add(1).mul(0.5))),
  );
  const width = materialize(lowest.ref.mul(sign.mul(0.75).add(0.25)));
  // Half a width above that, then a quarter up or down, and so on: each time by the digit that the count decides.
  let number = materialize(lowest.add(width.ref.mul(0.5)));
  for (let bit = 1; bit < MANTISSA_BITS; bit++) {
    number = reaches(number.ref)
      .sub(0.5)
      .mul(2 ** -bit)
      .mul(width.ref)
      .add(number);
  }
  const last = reaches(number.ref)
    .sub(1)
    .mul(2 ** -MANTISSA_BITS)
    .mul(width)
    .add(number);
  x.dispose();
  return materialize(last);
}
