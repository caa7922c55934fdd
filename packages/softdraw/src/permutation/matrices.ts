/** Permutations as matrices. */

import { numpy as np } from "@jax-js/jax";
import { isNumber } from "../lawful.ts";
import { indicator } from "../numerics.ts";
import { column } from "../rows.ts";

/** The matrices of the columns of their ones, int32 `[..., m]`, of n: float32 `[..., m, n]`; a row of zeros where it is none. */
export function matrixOf(columns: np.Array, n = columns.shape.at(-1)!): np.Array {
  return indicator(column(columns).equal(np.arange(n)));
}

/** Whether each matrix is a permutation, exactly. Booleans `[...]`. */
export function isPermutationMatrix(matrix: np.Array): np.Array {
  const binary = np.all(matrix.ref.mul(matrix.ref).equal(matrix.ref), [-1, -2]);
  return binary.mul(residualOf(matrix).equal(0));
}

/** The largest deviation of a row or column sum from 1, `[...]`. */
export function residualOf(plan: np.Array): np.Array {
  const worst = (sums: np.Array) => np.max(np.absolute(sums.sub(1)), -1);
  const largest = np.maximum(worst(plan.ref.sum(-1)), worst(plan.ref.sum(-2)));
  return np.where(np.all(isNumber(plan), [-1, -2]), largest, Number.NaN);
}
