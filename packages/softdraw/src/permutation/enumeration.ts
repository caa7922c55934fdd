/** All permutations of a few things. */

import type { numpy as np } from "@jax-js/jax";
import { supportOf } from "../support.ts";

/** n!, or more than 2^53 if it is that. */
function countPermutations(n: number): number {
  let count = 1;
  for (let i = 2; i <= n && count <= Number.MAX_SAFE_INTEGER; i++) count *= i;
  return count;
}

/** The index vectors of n entries, in lexicographic order. */
function indexVectors(n: number): number[][] {
  const orders = (left: number[]): number[][] =>
    left.length === 0 ? [[]] : left.flatMap((i) => orders(left.filter((j) => j !== i)).map((rest) => [i, ...rest]));
  return orders(Array.from({ length: n }, (_, i) => i));
}

/** The permutation matrices `[n!, n, n]`, n the last size of the logits, in lexicographic order of their index vectors. */
export function supportOfPermutations(where: string, logits: np.Array): np.Array {
  const n = logits.shape.at(-1)!;
  const ones = () => indexVectors(n).map((columns) => columns.map((j, i) => i * n + j));
  return supportOf(where, logits, [n, n], { count: countPermutations(n), ones });
}
