/** The exact laws of a draw without replacement: of its order, and of its set. */

import { numpy as np } from "@jax-js/jax";
import { ofSubset, orNaN } from "../lawful.ts";
import { materializeGradient } from "../materialize.ts";
import { aboveLogSumExp, finite, indicator, LOWEST, logSumExp } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { logOfArrival, membersOf, timesOfOthers } from "./arrival.ts";

/** The log-probability of a draw in its order: `sum_j log (w_j / what is left before the j-th)`, w the weights. */
export function orderedLogProb(indices: np.Array, logits: np.Array): np.Array {
  const k = indices.shape.at(-1)!;
  const n = logits.shape.at(-1)!;
  const isDrawn = indicator(column(indices).equal(np.arange(n)));
  // Upstream: `matmul` of one matrix and a batch of them is wrong; so it is broadcast by hand.
  const isEarlier = np.broadcastTo(np.tri(k, k, -1), [...indices.shape, k]);
  const isGone = np.matmul(isEarlier, isDrawn.ref).greater(0);
  const left = np.where(isGone, LOWEST, row(finite(logits.ref)));
  const drawn = np.where(isDrawn.ref.greater(0), left.ref, 0).sum(-1, { keepdims: true });
  const isPossible = indicator(drawn.ref.greater(LOWEST))
    .mul(isDrawn.sum(-1, { keepdims: true }))
    .sum(-1);
  const logP = aboveLogSumExp(drawn, left).sum([-2, -1]);
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
 * At each of the times only the k members are looked at, so that time and memory grow as k and not as n.
 */
export function setLogProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  const isChosen = khot.ref.greater(0.5);
  const l = finite(logits.ref);
  const others = np.where(isChosen.ref, LOWEST, l.ref);
  const logRatio = membersOf(aboveLogSumExp(l, others), isChosen, k);
  const { nodes, step } = timesOfOthers(k, { longest: 0.4, ofPeak: 1.2 });
  const logProduct = logOfArrival(row(logRatio).add(column(np.array(nodes)))).sum(-1);
  const weight = np.array(nodes.map((x) => x - Math.exp(x) + Math.log(step)));
  const logP = logSumExp(materializeGradient(logProduct).add(weight));
  return ofSubset(logP, khot, logits, k);
}
