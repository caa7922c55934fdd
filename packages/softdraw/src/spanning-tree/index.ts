/**
 * Spanning trees of n vertices, as symmetric matrices of zeros and ones. Logits have shape `[..., n, n]`, one for each
 * edge: it is read from both triangles, as their mean, so a symmetric matrix means what it says, and gradients are
 * symmetric. The diagonal is ignored.
 *
 * The law: a tree has a probability in proportion to the product of the weights `exp(logit)` of its edges. This is what
 * `sample` draws from, exactly; `marginals`, `logProb`, `entropy` and `kl` are of the same law. The sum over all trees
 * is that of the matrix-tree theorem (Kirchhoff 1847), by an elimination in which nothing is subtracted: so it is right
 * to float32's rounding for logits of any size. The steps are one for each vertex, all compiled apart: it is meant for n
 * up to 50 or so.
 *
 * There is no `relax`: no noise is known by which a maximum draws from this law. `spanningTree.perturbed` has the law of
 * a maximum, and its relaxation.
 *
 * A logit of -Infinity, or below -1e30, in either triangle is an edge that there is not: it is never taken and its
 * gradient is zero. Where the edges do not connect all vertices, or a logit is NaN or Infinity, there is no law: all
 * that is asked is NaN. A single vertex has one tree, without an edge.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import type { TemperatureOptions } from "../options.ts";
import { NO_ROOT, verbs } from "./definition.ts";

export * as perturbed from "./perturbed.ts";

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * The entropy in nats, `-sum_T P(T) log P(T)`, shape `[...]`, from 0 to `(n - 2) log n`.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array): np.Array {
  return verbs.entropy("spanningTree.entropy", logits, NO_ROOT);
}

/**
 * The Kullback-Leibler divergence in nats, `sum_T P(T) (log P(T) - log Q(T))`, shape `[...]`, with P the law of the
 * logits and Q that of the prior. Never negative. Infinity where P takes an edge that Q cannot (with a probability that
 * float32 holds).
 *
 * @param logits `[..., n, n]`, consumed
 * @param prior logits of Q, `[..., n, n]`, consumed; default uniform over all `n^(n - 2)` trees
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(logits: np.Array, prior?: np.Array): np.Array {
  return verbs.kl("spanningTree.kl", logits, prior, NO_ROOT);
}

/**
 * The logarithm of the sum over all trees of the products of their weights, shape `[...]`: what normalizes the law. The
 * gradient by an entry of the logits is half of the edge's marginal, because the edge has another entry. There is no
 * second derivative, but that of `marginals`.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Kirchhoff, "Über die Auflösung der Gleichungen, auf welche man bei der Untersuchung der linearen Verteilung
 * galvanischer Ströme geführt wird", 1847.
 *
 * @example
 * const logCount = spanningTree.logPartition(np.zeros([5, 5])); // log 125, after Cayley's formula
 */
export function logPartition(logits: np.Array): np.Array {
  return verbs.logPartition("spanningTree.logPartition", logits, NO_ROOT);
}

/**
 * The log-probability of trees, the sum of their edges' logits less `logPartition`, shape `[...]`; -Infinity for what is
 * no spanning tree as a symmetric matrix of zeros and ones, and for one with an impossible edge. The gradient is by the
 * logits.
 *
 * @param value `[..., n, n]`, whose batch axes broadcast with those of the logits, consumed; no gradient reaches it
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function logProb(value: np.Array, logits: np.Array): np.Array {
  return verbs.logProb("spanningTree.logProb", value, logits, NO_ROOT);
}

/**
 * The mean of `sample`: the probability of each edge, a symmetric matrix `[..., n, n]`, whose entries sum to 2 (n - 1).
 * It has a gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const probabilities = spanningTree.marginals(np.zeros([4, 4])); // 1/2 each
 */
export function marginals(logits: np.Array): np.Array {
  return verbs.marginals("spanningTree.marginals", logits, NO_ROOT);
}

/**
 * The most probable tree, that with the largest sum of logits, as a symmetric matrix `[..., n, n]`; of equals the first in
 * the order of `support`. Found by comparisons alone, so exactly. No gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Prim, "Shortest Connection Networks and Some Generalizations", 1957.
 */
export function mode(logits: np.Array): np.Array {
  return verbs.mode("spanningTree.mode", logits, NO_ROOT);
}

/**
 * An exact draw, as a symmetric matrix `[..., n, n]`: n - 1 edges that connect all vertices. No gradient. The vertices are
 * put in one after the other, so a draw takes a fixed number of steps.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const tree = spanningTree.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  return verbs.sample("spanningTree.sample", key, logits, NO_ROOT);
}

/**
 * The marginals of `logits / temperature`, `[..., n, n]`: `marginals` at 1, `mode` as the temperature falls, and 2/n for
 * each edge as it rises.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  return verbs.softMode("spanningTree.softMode", logits, options, NO_ROOT);
}

/**
 * The `n^(n - 2)` spanning trees, `[n^(n - 2), n, n]`, in lexicographic order of their edges, which are in the order of the
 * rows of a matrix above its diagonal.
 *
 * @param logits `[..., n, n]`, n at most 7, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 7
 */
export function support(logits: np.Array): np.Array {
  return verbs.support("spanningTree.support", logits, NO_ROOT);
}
