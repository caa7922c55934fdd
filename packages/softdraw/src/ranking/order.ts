/** Orders of n entries, as indices and as matrices: row r of a matrix has its 1 at the entry of rank r, the largest first. */

import { lax, numpy as np } from "@jax-js/jax";
import { canTake, isNumber } from "../lawful.ts";
import { indicator, LOWEST } from "../numerics.ts";
import { matrixOf } from "../permutation/matrices.ts";
import { column, row } from "../rows.ts";
import { largestFirst, sortingIndices } from "../sorting.ts";
import { indicesOfLargest } from "../subset/top.ts";

/** The order of each row, as a matrix `[..., n, n]`: the largest first, the first of equals. */
export function matrixOfOrder(keys: np.Array): np.Array {
  return matrixOf(indicesOfLargest(keys, keys.shape.at(-1)!));
}

/** Entries in their order, without a gradient. */
export interface Sorted {
  /** `[..., n]`, descending. */
  values: np.Array;
  /** Of each entry its rank, from 0 for the largest: int32 `[..., n]`. */
  ranks: np.Array;
}

/** The entries of `[..., n]`, descending, and the rank of each. */
export function sorted(x: np.Array): Sorted {
  const fixed = lax.stopGradient(x);
  const [values, indices] = largestFirst(fixed, fixed.shape.at(-1)!);
  return { values, ranks: sortingIndices(indices) };
}

/** Columns of `[..., n, n]` that belong to ranks, put where the entries of those ranks are. It has no gradient. */
export function atEntries(table: np.Array, ranks: np.Array): np.Array {
  return np.takeAlongAxis(table, np.broadcastTo(row(ranks), table.shape), -1);
}

/**
 * Whether an order has a law: at most one entry is impossible, which is certain to be the last, and none is NaN or
 * Infinity. Booleans `[..., 1]`.
 *
 * @param logits `[..., n]`, consumed
 */
export function canOrder(logits: np.Array): np.Array {
  return canTake(logits, logits.shape.at(-1)! - 1);
}

/**
 * Whether a value is a permutation matrix, with an impossible entry in no row but the last. Booleans `[..., 1]`.
 *
 * @param value `[..., n, n]`, consumed
 * @param logits `[..., n]`, consumed
 */
export function canBeOrder(value: np.Array, logits: np.Array): np.Array {
  const n = value.shape.at(-1)!;
  const isKnown = isNumber(value.ref);
  const isTaken = indicator(np.where(isKnown.ref, value.ref.equal(1), false));
  const isOther = np.where(isKnown, value.equal(0), false);
  const isBad = indicator(np.where(isOther, false, isTaken.ref.less(1)));
  const isImpossible = row(indicator(lax.stopGradient(logits).lessEqual(LOWEST)));
  const isEarly = column(np.arange(n)).less(n - 1);
  const isLost = isTaken.ref.mul(np.where(isEarly, isImpossible, 0));
  const faults = isBad.add(isLost).sum([-1, -2]);
  const missed = [-1, -2].map((axis) => np.absolute(isTaken.ref.sum(axis).sub(1)).sum(-1));
  isTaken.dispose();
  return column(faults.add(missed[0]!).add(missed[1]!).equal(0));
}
