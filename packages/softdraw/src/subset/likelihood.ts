/** The exact laws of a draw without replacement: of its order, and of its set. */

import { numpy as np } from "@jax-js/jax";
import { isNumber, orNaN } from "../lawful.ts";
import { belowLargest, finite, indicator, LOWEST, log1p, logSumExp } from "../numerics.ts";
import { column } from "../rows.ts";

/** The log-probability of a draw in its order: `sum_j log (w_j / what is left before the j-th)`, w the weights. */
export function orderedLogProb(indices: np.Array, logits: np.Array): np.Array {
  const k = indices.shape.at(-1)!;
  const n = logits.shape.at(-1)!;
  const isDrawn = indicator(column(indices).equal(np.arange(n)));
  // Upstream: `matmul` of one matrix and a batch of them is wrong; so it is broadcast by hand.
  const isEarlier = np.broadcastTo(np.tri(k, k, -1), [...indices.shape, k]);
  const isGone = np.matmul(isEarlier, isDrawn.ref).greater(0);
  const left = np.where(isGone, LOWEST, np.expandDims(relative(logits.ref), -2));
  const drawn = np.where(isDrawn.ref.greater(0), left.ref, 0).sum(-1);
  const isPossible = indicator(drawn.ref.greater(LOWEST)).mul(isDrawn.sum(-1));
  const logP = drawn.sub(logSumExp(left)).sum(-1);
  return orNaN(np.where(np.min(isPossible, -1).greater(0), logP, Number.NEGATIVE_INFINITY), logits, k);
}

/**
 * The log-probability of a set, over all orders. Draw the waiting time of each entry, exponential of rate w; the set is
 * drawn if its k times all come before t, the earliest of the others, exponential of rate W, the weight of the others:
 *
 *     P(S) = integral of exp(-t) prod_{i in S} (1 - exp(-t w_i / W)) dt  over t from 0 to infinity
 *
 * (Kool et al. 2020, appendix). In x = log t the integrand is analytic and decays at both ends, so that equal steps
 * converge exponentially. All terms are positive: unlike the alternating sum over the 2^k subsets, nothing cancels.
 */
export function setLogProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  const isChosen = khot.ref.greater(0.5);
  const l = relative(logits.ref);
  const others = logSumExp(np.where(isChosen.ref, LOWEST, l.ref));
  const logRatio = np.expandDims(l.ref.sub(column(others)), -2);
  const { nodes, step } = quadrature(k);
  const logTime = np.array(nodes, { shape: [nodes.length, 1] });
  const logProduct = np.where(np.expandDims(isChosen.ref, -2), logOfArrival(logRatio.add(logTime)), 0).sum(-1);
  const weight = np.array(nodes.map((x) => x - Math.exp(x) + Math.log(step)));
  const logP = logSumExp(logProduct.add(weight));
  const isPossible = np.all(np.where(isChosen.ref, l.greater(LOWEST), true), -1);
  const isNumberInAll = np.all(isNumber(khot.ref), -1);
  const isBinary = np.all(khot.ref.mul(khot.ref).equal(khot.ref), -1);
  const isSubset = isBinary.mul(khot.sum(-1).equal(k));
  isChosen.dispose();
  const value = np.where(isPossible, np.where(isSubset, logP, Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
  return orNaN(np.where(isNumberInAll, value, Number.NaN), logits, k);
}

/**
 * Equal steps in x = log t, from where all but 1e-6 of exp(-t) lies ahead to where exp(-t) t^k is spent. The peak may
 * be as narrow as 1 / sqrt(k + 1).
 */
function quadrature(k: number): { nodes: number[]; step: number } {
  const first = -14;
  const last = Math.log(k + 20 + 6 * Math.sqrt(k + 1));
  const count = Math.ceil((last - first) / Math.min(0.4, 1.2 / Math.sqrt(k + 1)));
  const step = (last - first) / count;
  return { nodes: Array.from({ length: count + 1 }, (_, i) => first + i * step), step };
}

/** From here on, exp(-y) is small enough for `log1p`; up to here, a series converges. */
const LARGE = 1;

/** log(1 - exp(-y)) by log y, for every finite log y, to float32's rounding of it. */
function logOfArrival(logY: np.Array): np.Array {
  const y = np.exp(np.minimum(logY.ref, 5));
  const small = np.minimum(y.ref, LARGE);
  const square = np.square(small.ref);
  const series = [-1 / 9_676_800, 1 / 181_440, -1 / 2880, 1 / 24].reduce<np.Array | number>(
    (sum, c) => square.ref.mul(sum).add(c),
    0,
  ) as np.Array;
  const near = np.minimum(logY, Math.log(LARGE)).add(square.mul(series)).sub(small.mul(0.5));
  const far = log1p(np.negative(np.exp(np.negative(np.maximum(y.ref, LARGE)))));
  return np.where(y.less(LARGE), near, far);
}

/**
 * Logits less the largest of their row, which no law depends on: so a constant in all of them costs no accuracy. `LOWEST`
 * for impossible entries.
 */
function relative(logits: np.Array): np.Array {
  const l = finite(logits);
  return np.where(l.ref.greater(LOWEST), belowLargest(l), LOWEST);
}
