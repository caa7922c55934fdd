import { numpy as np } from "@jax-js/jax";
import { canPermute } from "../../lawful.ts";
import { column } from "../../rows.ts";
import { matrixOf } from "../matrices.ts";
import { entriesOf, isAnyPossible, maxima, walkAlongLargest } from "./passes.ts";

/**
 * The permutation with the largest sum of keys, a matrix `[..., n, n]`, of equals the first in lexicographic order of
 * the index vectors; NaN where there is none that the logits allow.
 *
 * @param keys finite, `[..., n, n]`, consumed
 * @param logits of the same shape, consumed
 */
export function largestPermutation(keys: np.Array, logits: np.Array): np.Array {
  const { steps, high } = maxima(entriesOf(keys));
  return ifLawful(matrixOf(walkAlongLargest(steps)), logits, high);
}

/**
 * A number or a matrix for each matrix of logits, NaN where they have no law.
 *
 * @param high of the logits' pass, consumed
 */
export function ifLawful(result: np.Array, logits: np.Array, high: np.Array): np.Array {
  const isLawful = np.squeeze(canPermute(logits), [-1, -2]).mul(isAnyPossible(high));
  return np.where(result.ndim === isLawful.ndim ? isLawful : column(column(isLawful)), result, Number.NaN);
}
