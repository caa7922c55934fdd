/**
 * The conditional Bernoulli law: of sets of k entries, in proportion to the products of their weights `exp(logit)`. It
 * is that of n choices of yes or no, each by itself with the log-odds `d_i = logit_i - t`, given that k are yes,
 * whatever t is. So
 *
 *     log e_k = k t + sum_i max(d_i, 0) + log E,
 *
 * with E the coefficient of z^k in `prod_i (off_i + on_i z)`, where the likely one of on and off is 1, and the other
 * `exp(-|d_i|)`. At the t for which k are yes in the mean, k is about the most probable number: then E is made of terms
 * that float32 has the range for, whatever the size of the logits. An error of t changes nothing.
 *
 * Gradients are written out, `marginals` being that of log e_k: they take a way down the tree, and not the engine's way
 * back through it, which takes ten times as long. So there are no second derivatives, but by way of `marginals`.
 *
 * Chen, Dempster, Liu, "Weighted Finite Population Sampling to Maximize Entropy", 1994.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { ofSubset, orNaN } from "../lawful.ts";
import { finite, indicator, notNegative } from "../numerics.ts";
import { aboveThreshold } from "../subset/threshold.ts";
import { change, meanOf, oddsOf, sidesOf, sumOf, treeOfOdds, waysOf } from "./odds.ts";

/** log e_k, `[...]`. */
export function logPartition(logits: np.Array, k: number): np.Array {
  const keys = finite(logits.ref);
  const { above, least, level } = oddsOf(lax.stopGradient(keys.ref), k);
  const { isLikely } = sidesOf(above.ref);
  // k t and the sum of `logit_i - t` over the likely, with what they have in common left out.
  const excess = np.subtract(k, sumOf(indicator(isLikely.ref)));
  const likely = sumOf(np.where(isLikely, lax.stopGradient(keys.ref), 0))
    .add(least.mul(excess.ref))
    .add(level.mul(excess));
  const { logWays, taken } = waysOf(above, k);
  return orNaN(likely.add(logWays).add(change(keys, taken)), logits, k);
}

/** The log-probability of a set: `-sum_i |d_i|` over those of which it has the less likely, less log E. */
export function logProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  const keys = finite(logits.ref);
  const { above } = oddsOf(lax.stopGradient(keys.ref), k);
  const { isLikely, distance } = sidesOf(above.ref);
  const { logWays, taken } = waysOf(above, k);
  const ofTaken = np.where(isLikely.ref, 0, distance.ref);
  const lost = sumOf(np.where(khot.ref.greater(0.5), ofTaken, np.where(isLikely, distance, 0)));
  const logP = np.negative(lost.add(logWays)).add(change(keys, khot.ref.sub(taken)));
  return ofSubset(logP, khot, logits, k);
}

/** The mean of a draw, `[..., n]`, of keys over a temperature. It has a gradient by both. */
export function marginals(keys: np.Array, inverse: np.Array, k: number): np.Array {
  const { above } = aboveThreshold(keys, inverse, k);
  return meanOf(treeOfOdds(above, k)).taken;
}

/** From here on the probability of what is unlikely, times how unlikely it is, is 0. */
const FARTHEST = 100;

/** `log E + sum_i |d_i| P(entry i is the less likely)`, of which all terms are positive. */
export function entropy(logits: np.Array, k: number): np.Array {
  const { above } = oddsOf(finite(logits.ref), k);
  const { logWays, taken, left } = waysOf(above.ref, k);
  const fixed = lax.stopGradient(above);
  const { isLikely, distance } = sidesOf(fixed.ref);
  const unlikely = np.where(isLikely, left, lax.stopGradient(taken.ref));
  const value = notNegative(logWays.add(sumOf(unlikely.mul(np.minimum(distance, FARTHEST)))));
  const gradient = np.negative(np.clip(fixed, -FARTHEST, FARTHEST));
  return orNaN(value.add(change(taken, gradient)), logits, k);
}
