/**
 * Arborescences of n vertices: trees of directed edges, by which all vertices are reached from one of them, the root. A
 * value is a matrix of zeros and ones, whose entry i, j is the edge from the parent i to the child j: n - 1 ones, one in
 * each column but that of the root. Logits have shape `[..., n, n]`, one for each edge; the diagonal is ignored.
 *
 * The law: an arborescence has a probability in proportion to the product of the weights `exp(logit)` of its edges. Any
 * vertex may be its root, which has no weight of its own, that is, 1: the roots are as probable as what grows from them
 * weighs. `of({ root })` has the same verbs with the root given. This is what `sample` draws from, exactly; `marginals`,
 * `logProb`, `entropy` and `kl` are of the same law. The sum over all arborescences is that of the matrix-tree theorem
 * for directed graphs (Tutte 1948), by an elimination in which nothing is subtracted: so it is right to float32's
 * rounding for logits of any size; from any root, as far as edges within 1.4e8 / n^2 of the largest logit make a tree, or
 * all are as far apart as that. The steps are one for each vertex, all compiled apart: it is meant for n up to 50 or so.
 *
 * There is no `relax`: no noise is known by which a maximum draws from this law. `arborescence.perturbed` has the law of
 * a maximum, and its relaxation.
 *
 * A logit of -Infinity, or below -1e30, is an edge that there is not: it is never taken and its gradient is zero. Where no
 * root reaches all vertices, or a logit is NaN or Infinity, there is no law: all that is asked is NaN. A single vertex
 * has one arborescence, without an edge.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import type { TemperatureOptions } from "../options.ts";
import { ANY_ROOT, verbs } from "./definition.ts";

export { type ArborescenceOf, of, type RootOptions } from "./of.ts";
export type { PerturbedArborescenceOf } from "./perturbed.ts";
export * as perturbed from "./perturbed.ts";

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * The entropy in nats, `-sum_T P(T) log P(T)`, shape `[...]`, from 0 to `(n - 1) log n`; with a root given, to `(n - 2)
 * log n`.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array): np.Array {
  return verbs.entropy("arborescence.entropy", logits, ANY_ROOT);
}

/**
 * The Kullback-Leibler divergence in nats, `sum_T P(T) (log P(T) - log Q(T))`, shape `[...]`, with P the law of the
 * logits and Q that of the prior. Never negative. Infinity where P takes an edge that Q cannot (with a probability that
 * float32 holds).
 *
 * @param logits `[..., n, n]`, consumed
 * @param prior logits of Q, `[..., n, n]`, consumed; default uniform over all `n^(n - 1)` arborescences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(logits: np.Array, prior?: np.Array): np.Array {
  return verbs.kl("arborescence.kl", logits, prior, ANY_ROOT);
}

/**
 * The logarithm of the sum over all arborescences of the products of their weights, shape `[...]`: what normalizes the
 * law. Its gradient is `marginals`; there is no second derivative, but that of `marginals`.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Tutte, "The Dissection of Equilateral Triangles into Equilateral Triangles", 1948; Koo, Globerson, Carreras, Collins,
 * "Structured Prediction Models via the Matrix-Tree Theorem", 2007.
 *
 * @example
 * const logCount = arborescence.logPartition(np.zeros([4, 4])); // log 64
 */
export function logPartition(logits: np.Array): np.Array {
  return verbs.logPartition("arborescence.logPartition", logits, ANY_ROOT);
}

/**
 * The log-probability of arborescences, the sum of their edges' logits less `logPartition`, shape `[...]`; -Infinity for
 * what is none, and for one with an impossible edge. The gradient is by the logits, `value - marginals`.
 *
 * @param value `[..., n, n]`, whose batch axes broadcast with those of the logits, consumed; no gradient reaches it
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function logProb(value: np.Array, logits: np.Array): np.Array {
  return verbs.logProb("arborescence.logProb", value, logits, ANY_ROOT);
}

/**
 * The mean of `sample`: the probability of each edge, `[..., n, n]`. A column sums to the probability that its vertex is
 * not the root. It has a gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const probabilities = arborescence.marginals(np.zeros([4, 4])); // 1/4 each
 */
export function marginals(logits: np.Array): np.Array {
  return verbs.marginals("arborescence.marginals", logits, ANY_ROOT);
}

/**
 * The most probable arborescence, that with the largest sum of logits, `[..., n, n]`; of equals, or of those whose sums
 * differ by less than rounding, it is one of them. No gradient.
 *
 * Vertices are eliminated one by one, and sums of logits are compared that grow with the way: two trees whose sums differ
 * by less than 1e-6 n, or 1e-6 n times the size of the logits where that is more, may be taken for one another.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * The problem is that of Chu, Liu, "On the Shortest Arborescence of a Directed Graph", 1965; Edmonds, "Optimum
 * Branchings", 1967.
 */
export function mode(logits: np.Array): np.Array {
  return verbs.mode("arborescence.mode", logits, ANY_ROOT);
}

/**
 * An exact draw, `[..., n, n]`. No gradient. The vertices are put in one after the other, so a draw takes a fixed number
 * of steps.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const tree = arborescence.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  return verbs.sample("arborescence.sample", key, logits, ANY_ROOT);
}

/**
 * The marginals of `logits / temperature`, `[..., n, n]`: `marginals` at 1, `mode` as the temperature falls, and 1/n for
 * each edge as it rises.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  return verbs.softMode("arborescence.softMode", logits, options, ANY_ROOT);
}

/**
 * The `n^(n - 1)` arborescences, `[n^(n - 1), n, n]`, in lexicographic order of the parents of the vertices one after the
 * other, where none comes before all.
 *
 * @param logits `[..., n, n]`, n at most 6, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 6
 */
export function support(logits: np.Array): np.Array {
  return verbs.support("arborescence.support", logits, ANY_ROOT);
}
