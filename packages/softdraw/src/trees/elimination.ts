/**
 * Sums over all trees that are rooted at one vertex, by eliminating the others one by one.
 *
 * A tree is n pointers, from each vertex but the root to its parent; `w_ij` is the weight of "j is the parent of i".
 * Without a vertex v, of total weight `S_v = sum_j w_vj`, the others have the weights
 *
 *     w_ij + w_iv w_vj / S_v
 *
 * of a pointer that goes to j directly, or on the way of v. The sum over all trees is `S_v` times the same sum of
 * these, and so it is the product of all S. That is the matrix-tree theorem by Gaussian elimination, with the diagonal
 * left out: all that would be subtracted is there. Every number is positive, and none is taken off another.
 *
 * Arrays have the shape `[n, n + 1, batch]`: row i is vertex i + 1, column j vertex j, with the root the vertex 0. The
 * last vertex goes first. What is on the diagonal (row i, column i + 1) is never read.
 *
 * Tutte, "The Dissection of Equilateral Triangles into Equilateral Triangles", 1948; Grassmann, Taksar, Heyman,
 * "Regenerative Analysis and Steady State Distributions for Markov Chains", 1985.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { logarithm } from "../numerics.ts";
import {
  aligned,
  distanceOf,
  kept as keptSize,
  type Logarithm,
  larger,
  largestSize,
  normalized,
  over,
  type Scaled,
  sizeBy,
  times,
} from "./scaled.ts";

/** What is known of a vertex when it is eliminated from among vertices 0 to n. */
export interface Step {
  /** The weights of its parents, `[n, batch]`. */
  readonly weights: Scaled;
  /** Their shares of the sum, `[n, batch]`. */
  readonly shares: np.Array;
  /** Which share of the weight from i to j does not go by way of this vertex, `[n - 1, n, batch]`; of the last one none. */
  readonly kept?: np.Array;
  /** The sum, `[batch]`. */
  readonly sum: Scaled;
}

/** The steps, the first of which is that of the last vertex. */
export function eliminated(weights: Scaled): Step[] {
  const steps: Step[] = [];
  let left = weights;
  for (let n = weights.mantissa.shape[0]!; n >= 1; n--) {
    const row = mapped(left, (x) => rowOf(x, n));
    const size = largestSize(keptSize(row));
    const relative = over(keptSize(row), keptSize(size));
    const terms = aligned(row.mantissa.ref, distanceOf(keptSize(relative)));
    const mantissa = terms.ref.sum(0);
    const inverse = materialize(np.where(mantissa.ref.greater(0), np.reciprocal(mantissa.ref), 0));
    const shares = share(terms, mantissa.ref, inverse.ref);
    const step = { weights: row, shares, sum: { mantissa, ...size } };
    if (n === 1) return [...steps, step];
    const around = withDetours(left, n, { mantissa: row.mantissa.ref.mul(inverse), ...relative });
    steps.push({ ...step, kept: around.kept });
    left = around.weights;
  }
  return steps;
}

/** The weights among vertices 0 to n - 1, with the ways by vertex n, whose row has some shares. */
function withDetours(left: Scaled, n: number, shares: Scaled): { weights: Scaled; kept: np.Array } {
  const direct = mapped(left, (x) => restOf(x, n));
  const column = mapped(left, (x) => np.expandDims(columnOf(x, n), 1));
  const detour = times(column, shares);
  const size = larger(keptSize(direct), keptSize(detour));
  const directly = aligned(direct.mantissa, distanceOf(over(direct, keptSize(size))));
  const around = aligned(column.mantissa.mul(shares.mantissa), distanceOf(over(detour, keptSize(size))));
  const mantissa = directly.ref.add(around.ref);
  const kept = share(directly, mantissa.ref, np.reciprocal(mantissa.ref));
  return { weights: normalized({ mantissa, ...size }), kept };
}

/** A part of a sum as a share of it, which is exactly 1 where it is the sum: a product with an inverse is not always that. */
function share(part: np.Array, sum: np.Array, inverse: np.Array): np.Array {
  return np.where(part.ref.equal(sum), 1, np.minimum(part.mul(inverse), 1));
}

/** So many of the sums have a product in the range of float32, whatever they are. */
const MULTIPLIED = 3;

/** The logarithm of the sum over all trees, `[batch]`; its size is far below all others where there is none. */
export function logSumOf(steps: readonly Step[]): Logarithm {
  const mantissas = steps.map(({ sum }) => sum.mantissa.ref);
  const products = mantissas.flatMap((first, i) =>
    i % MULTIPLIED === 0 ? [mantissas.slice(i + 1, i + MULTIPLIED).reduce((a, b) => a.mul(b), first)] : [],
  );
  const total = (arrays: np.Array[]) => np.stack(arrays, 0).sum(0);
  const orders = steps.flatMap(({ sum }) => sum.order?.ref ?? []);
  return {
    rest: logarithm(np.stack(products, 0)).sum(0),
    exponent: total(steps.map(({ sum }) => sum.exponent.ref)),
    ...(orders.length > 0 && { order: total(orders) }),
  };
}

/** The last vertex's parents: row n - 1, columns 0 to n - 1. */
export function rowOf(x: np.Array, n: number): np.Array {
  return x.ref.slice(n - 1, [0, n]);
}

/** Where it is the parent: column n, rows 0 to n - 2. */
export function columnOf(x: np.Array, n: number): np.Array {
  return x.ref.slice([0, n - 1], n);
}

/** What is left of a matrix without it. */
export function restOf(x: np.Array, n: number): np.Array {
  return x.ref.slice([0, n - 1], [0, n]);
}

function mapped({ mantissa, ...size }: Scaled, f: (x: np.Array) => np.Array): Scaled {
  return { mantissa: f(mantissa), ...sizeBy(size, f) };
}
