/**
 * What rows and columns are scaled to: in balanced transport their sums; and where there is a penalty in place of that,
 * what it says.
 *
 * A row whose entries sum to s is scaled by `u = a / s`; with a penalty rho on the divergence of its sum from a, and at
 * temperature T, by `u = (a / s)^(rho / (rho + T))`.
 *
 * Chizat, Peyre, Schmitzer, Vialard, "Scaling Algorithms for Unbalanced Optimal Transport Problems", 2018.
 */

import { numpy as np } from "@jax-js/jax";
import { logarithm } from "../numerics.ts";

/** Of rows, or of columns: a record of arrays, as `jit` takes it. All are absent where sums are 1. */
export interface Side {
  /** The sums, positive, `[..., m]`. */
  sums?: np.Array;
  /** rho / (rho + T), above 0 and up to 1, a shape that broadcasts with the sums beside it; absent where it is 1. */
  power?: np.Array;
  /** Beside a power: what its logarithms are off by, because logits were shifted. A shape that broadcasts. */
  shift?: np.Array;
  [name: string]: np.Array;
}

export interface Sides {
  rows: Side;
  columns: Side;
  [name: string]: Side;
}

/** All sums are 1. */
export const ONES: Sides = { rows: {}, columns: {} };

export interface Scaled {
  /** What the rows are multiplied by. */
  scaling: np.Array;
  /** 1 over the sums that this is made from. */
  inverse: np.Array;
  /** Beside a power: the logarithm of what it is the power of. */
  level?: np.Array;
}

/**
 * Of a sum that has underflowed, because next to nothing is to be there: the next absorption makes it a number again.
 */
const LARGEST_INVERSE = 1e30;

/**
 * @param inverse 1 over the sums so far, consumed
 * @param absorbed the logarithm of what the kernel has of this scaling already, kept
 */
export function scaledTo(side: Side, inverse: np.Array, absorbed: np.Array): Scaled {
  const { sums, power, shift } = side;
  if (sums === undefined) return { scaling: inverse.ref, inverse };
  const bounded = np.minimum(inverse, LARGEST_INVERSE);
  const quotient = sums.ref.mul(bounded.ref);
  if (power === undefined) return { scaling: quotient, inverse: bounded };
  const level = logarithm(quotient).add(absorbed.ref);
  const whole = power.ref.mul(level.ref).add(shift!.ref);
  return { scaling: np.exp(whole.sub(absorbed.ref)), inverse: bounded, level };
}

/**
 * The change of the logarithm of a scaling.
 *
 * @param side without a gradient, kept
 * @param change zeros with the gradients of the side's arrays, of its sums by themselves; kept
 * @param level beside a power: see `Scaled`; consumed
 * @param ofSum the change of the logarithm of the sum that the scaling is made from, consumed
 */
export function changeOfScaling(side: Side, change: Side, level: np.Array | undefined, ofSum: np.Array): np.Array {
  const own = ownChange(side, change, level);
  const lower = side.power === undefined ? np.negative(ofSum) : np.negative(side.power.ref.mul(ofSum));
  return own === undefined ? lower : lower.add(own);
}

/** What of that change does not come from the sum. */
export function ownChange(side: Side, change: Side, level: np.Array | undefined): np.Array | undefined {
  if (side.sums === undefined) return undefined;
  const ofSums = change.sums!.ref.div(side.sums.ref);
  if (side.power === undefined) return ofSums;
  return side.power.ref.mul(ofSums).add(change.power!.ref.mul(level!)).add(change.shift!.ref);
}

/** Zeros with the gradients of some sides. */
export function changesOf(sides: Sides, stopped: Sides): Sides {
  const changes = (side: Side, fixed: Side): Side =>
    Object.fromEntries(Object.entries(side).map(([name, x]) => [name, x.sub(fixed[name]!.ref)]));
  return { rows: changes(sides.rows, stopped.rows), columns: changes(sides.columns, stopped.columns) };
}
