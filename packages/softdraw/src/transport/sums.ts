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
import { isNumber } from "../lawful.ts";
import { logarithm } from "../numerics.ts";

/** Of rows, or of columns: a record of arrays, as `jit` takes it. The sums are absent where they are 1. */
export interface Side {
  /** The sums, positive, `[..., m]`. */
  sums?: np.Array;
  /** rho / (rho + T), above 0 and up to 1, a shape that broadcasts with the sums beside it; absent where it is 1. */
  power?: np.Array;
  /** Beside a power: what its logarithms are off by, because logits were shifted. A shape that broadcasts. */
  shift?: np.Array;
  /** Of columns: the logarithms of the scalings that the iterations begin from; absent where those are 1. */
  start?: np.Array;
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
}

/** @param inverse 1 over the sums so far, consumed */
export function scaledTo(side: Side, inverse: np.Array): Scaled {
  const { sums, power } = side;
  if (power !== undefined) return { scaling: np.exp(potentialOf(side, levelOfSum(side, inverse.ref))), inverse };
  return { scaling: sums === undefined ? inverse.ref : sums.ref.mul(inverse.ref), inverse };
}

/** The logarithm of what rows are scaled by, before any power. Consumes 1 over their sums. */
export function levelOfSum({ sums }: Side, inverse: np.Array): np.Array {
  const level = logarithm(inverse);
  return sums === undefined ? level : level.add(logarithm(sums.ref));
}

/** The logarithm of a scaling. */
export function potentialOf({ power, shift }: Side, level: np.Array): np.Array {
  if (power === undefined) return level;
  const raised = power.ref.mul(level);
  return shift === undefined ? raised : raised.add(shift.ref);
}

/**
 * The change of the logarithm of a scaling.
 *
 * @param side without a gradient, kept
 * @param change zeros with the gradients of the side's arrays, of its sums by themselves; kept
 * @param ofSum the change of the logarithm of the sum that the scaling is made from, consumed
 * @param level beside a power: the logarithm of what it is applied to; consumed
 */
export function changeOfScaling(side: Side, change: Side, ofSum: np.Array, level?: np.Array): np.Array {
  const own = ownChange(side, change, level);
  const lower = side.power === undefined ? np.negative(ofSum) : np.negative(side.power.ref.mul(ofSum));
  return own === undefined ? lower : lower.add(own);
}

/** What of that change does not come from the sum. */
export function ownChange(side: Side, change: Side, level: np.Array | undefined): np.Array | undefined {
  if (side.sums === undefined) return undefined;
  const ofSums = change.sums!.ref.div(side.sums.ref);
  if (side.power === undefined) return ofSums;
  const ofPower = side.power.ref.mul(ofSums).add(change.power!.ref.mul(level!));
  return change.shift === undefined ? ofPower : ofPower.add(change.shift.ref);
}

/** Zeros with the gradients of some sides. */
export function changesOf(sides: Sides, stopped: Sides): Sides {
  const changes = ({ start: _, ...side }: Side, fixed: Side): Side =>
    Object.fromEntries(Object.entries(side).map(([name, x]) => [name, x.sub(fixed[name]!.ref)]));
  return { rows: changes(sides.rows, stopped.rows), columns: changes(sides.columns, stopped.columns) };
}

/** A number of each matrix, `[...]`, but NaN where its logits are: there is no plan. Consumes both. */
export function wherePlan(x: np.Array, result: np.Array): np.Array {
  return np.where(np.all(isNumber(x), [-1, -2]), result, Number.NaN);
}
