/**
 * Subsets of exactly k of n by the products of their weights, as a k-hot vector. Logits have shape `[..., n]`; k is a
 * whole number from 1 to n, fixed when a function is compiled.
 *
 * The law: a set has a probability in proportion to the product of the weights `exp(logit)` of its members. It is that
 * of n choices of yes or no, each by itself, given that k are yes (conditional Bernoulli, or conditional Poisson: Chen,
 * Dempster, Liu 1994; Chen, Liu 1997); of all laws of sets of k with the same marginals it has the largest entropy. It
 * is not the law of drawing one after the other without replacement, which `subset` has.
 *
 * What is summed over all sets is computed by a tree of products of polynomials, in steps that grow as the logarithm of
 * n. There is no relaxation of a draw: `straightThrough(marginals, draw)`, or `expectation` by `"simple"`, gives an
 * exact draw the gradient of the mean.
 *
 * A logit of -Infinity, or below -1e30, is an impossible entry: it is never taken and its gradient is zero. A row with
 * fewer than k possible entries, or with a logit of NaN or Infinity, has no law: every verb gives NaN for it.
 *
 * For up to 1,000 entries `logPartition`, `logProb` and `entropy` are off by at most 2e-6 of the largest term that is
 * summed, of the sum, or of 1, whatever the size of the logits, and marginals by 1e-6; on WebGPU, whose exponential is
 * less exact, by 1e-5.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import type { TemperatureOptions } from "../options.ts";
import * as verbs from "./verbs.ts";

export { type ConditionalBernoulliOf, of } from "./of.ts";

/**
 * The entropy in nats, `-sum_S p(S) log p(S)` over the sets of k, shape `[...]`, from 0 to log C(n, k). Its gradient
 * has no derivative of its own.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array, k: number): np.Array {
  return verbs.entropy("conditionalBernoulli.entropy", "logits, k", logits, k);
}

/**
 * The Kullback-Leibler divergence in nats, `KL(p || q) = sum_S p(S) (log p(S) - log q(S))` over the sets of k, shape
 * `[...]`, of the law of the logits from that of the prior's, with the same k. Never negative. Infinity where p takes
 * an entry that q cannot (of which the probability is a float32, not below 1e-38); there is no gradient there, and what
 * comes is Infinity or NaN.
 *
 * It is off by 2e-6 of the largest term, of itself, or of 1, and a small divergence by less: it is made of differences
 * of the logits. Where these are of the size d, it is off by 1e-6 of itself times 1 + 1/d, at most. Its gradient has no
 * derivative of its own.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @param prior logits of q, `[..., n]`, whose batch axes broadcast with those of the logits, consumed; default uniform,
 *   over all sets of k of n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(logits: np.Array, k: number, prior?: np.Array): np.Array {
  return verbs.kl("conditionalBernoulli.kl", "logits, k, prior", logits, k, prior);
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 1;

/**
 * The logarithm of the sum over all sets of k of the products of their weights, the elementary symmetric polynomial of
 * the weights, shape `[...]`:
 *
 *     log e_k(exp(l)) = log sum_S prod_{i in S} exp(l_i)
 *
 * Its gradient is `marginals`. That has no derivative of its own here: differentiate `marginals` for the covariances.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Chen, Dempster, Liu, "Weighted Finite Population Sampling to Maximize Entropy", 1994.
 */
export function logPartition(logits: np.Array, k: number): np.Array {
  return verbs.logPartition("conditionalBernoulli.logPartition", "logits, k", logits, k);
}

/**
 * The log-probability that `sample` returns a k-hot vector, `sum_i khot_i l_i - log e_k(exp(l))`, shape `[...]`.
 * -Infinity for a vector that is not of k ones and zeros, or with an impossible entry. The gradient, `khot -
 * marginals`, is by the logits, and has no derivative of its own.
 *
 * @param khot k-hot vectors `[..., n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Chen, Liu, "Statistical Applications of the Poisson-Binomial and Conditional Bernoulli Distributions", 1997.
 */
export function logProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.logProb("conditionalBernoulli.logProb", "khot, logits, k", "khot", khot, logits, k);
}

/**
 * The mean of `sample`: the probability that each entry is taken, shape `[..., n]`, from 0 to 1, with sum k. The
 * gradient is by the covariances of the entries.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Ahmed, Zeng, Niepert, Van den Broeck, "SIMPLE: A Gradient Estimator for k-Subset Sampling", 2023.
 *
 * @example
 * const mean = conditionalBernoulli.marginals(np.array([0, 1, 2, 3]), 2);
 */
export function marginals(logits: np.Array, k: number): np.Array {
  return verbs.marginals("conditionalBernoulli.marginals", "logits, k", logits, k);
}

/**
 * The most probable set, that of the k largest logits, as a k-hot vector `[..., n]`; the first of equals. No gradient.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array, k: number): np.Array {
  return verbs.mode("conditionalBernoulli.mode", "logits, k", logits, k);
}

/**
 * An exact draw as a k-hot vector `[..., n]`. From the root of the tree down, what is to be taken of a part is divided
 * between its two halves, by the law of that; so the steps grow as log n. It is right to float32's rounding, some 1e-7
 * of a probability. No gradient. Beside the tree it takes memory that grows as the square of k, or of n - k if that is
 * smaller: 1 MB for 500 of 1,000, 100 MB for 5,000 of 10,000.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const draw = conditionalBernoulli.sample(random.key(0), np.array([0, 1, 2, 3]), 2);
 */
export function sample(key: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.sample("conditionalBernoulli.sample", "key, logits, k", key, logits, k);
}

/**
 * The marginals of the logits over a temperature, `[..., n]`. They tend to `mode` as the temperature falls, but for
 * entries that tie, which share what is left; and to k/n as it rises. The gradient is by logits and temperature.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, k: number, options: TemperatureOptions = {}): np.Array {
  return verbs.softMode("conditionalBernoulli.softMode", "logits, k, options", logits, k, options);
}

/**
 * The k-hot vectors, `[C(n, k), n]`, whatever the batch axes of the logits: in lexicographic order of their indices, so
 * that the first has its ones in front.
 *
 * @param logits `[..., n]`, consumed; only their shape matters
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for more than 2^16
 *   vectors or 2^26 entries
 */
export function support(logits: np.Array, k: number): np.Array {
  return verbs.support("conditionalBernoulli.support", "logits, k", logits, k);
}
