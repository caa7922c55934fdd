/**
 * Optimal transport of the keys to anchors in equal steps, `n + 1 - 2r` for rank r from 1: the Sinkhorn plan of the logits
 * `(n + 1 - 2r) s_j / T`. A plan does not feel what is taken off whole columns, so these may as well be the exponents of
 * NeuralSort, from which no digits are lost: with no iterations the plan is that, and iterations make its columns sum to 1,
 * too.
 *
 * Cuturi, Teboul, Vert, "Differentiable Ranking and Sorting using Optimal Transport", 2019.
 */

import { lax, type numpy as np } from "@jax-js/jax";
import { longestRun } from "../transport/stabilized.ts";
import { ONES } from "../transport/sums.ts";
import { unrolled } from "../transport/unrolled.ts";
import { neuralSortExponents } from "./neural-sort.ts";

/** A relaxed order, `[..., n, n]`: its columns sum to 1, its rows nearly. */
export function sinkhornOrder(keys: np.Array, temperature: np.Array, iterations: number): np.Array {
  const x = neuralSortExponents(keys, temperature);
  const n = x.shape.at(-1)!;
  // Upstream: a sum of one number is no barrier; one iteration is all that a single entry takes.
  return unrolled(x.ref, lax.stopGradient(x), ONES, ONES, n === 1 ? 1 : iterations, longestRun(n));
}
