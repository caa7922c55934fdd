/**
 * Subsets: k of n, as a k-hot vector. Logits have shape `[..., n]`; k is a whole number from 1 to n, fixed when a
 * function is compiled.
 *
 * `sample` draws without replacement, exactly: one after the other, each with probability proportional to `exp(logit)`
 * among what is left. That is the set of the k largest perturbed logits (Gumbel top-k; Vieira 2014, Kool et al. 2019),
 * and in descending order it is the order of the draw (Plackett 1975, Luce 1959). It is not the conditional Poisson
 * law, whose sets have probabilities proportional to the product of their weights: `conditionalBernoulli` has that.
 *
 * `relax` replaces those k largest by one of two relaxations of them; see there.
 *
 * A logit of -Infinity, or below -1e30, is an impossible entry: it is never taken and its gradient is zero. A row with
 * fewer than k possible entries, or with a logit of NaN or Infinity, has no law: every verb gives NaN for it, and
 * `sampleOrdered` indices of -1.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import type { SubsetOptions, SubsetRelaxOptions } from "./verbs.ts";
import * as verbs from "./verbs.ts";

export {
  type Beam,
  type BeamOptions,
  type BeamPrefixes,
  type BeamState,
  type BeamStep,
  stochasticBeamSearch,
} from "./beam-search.ts";
export { of, type SubsetOf } from "./of.ts";
export { type ReservoirOptions, reservoir } from "./reservoir.ts";
export type { Relaxation, SubsetOptions, SubsetRelaxOptions } from "./verbs.ts";

/**
 * The log-probability of a draw in its order (Plackett-Luce), shape `[...]`:
 *
 *     sum_j (l_{i_j} - logsumexp of the logits but those of i_1, ..., i_{j-1})
 *
 * -Infinity for an impossible entry, one drawn twice, or an index that is not from 0 to n - 1.
 *
 * @param indices int32 `[..., k]`, as `sampleOrdered` returns them, consumed
 * @param logits `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Luce, "Individual Choice Behavior", 1959; Plackett, "The Analysis of Permutations", 1975.
 */
export function logProb(indices: np.Array, logits: np.Array): np.Array {
  return verbs.logProb("subset.logProb", indices, logits);
}

/**
 * The k largest logits, the most probable draw, as a k-hot vector `[..., n]`; the first of equals. No gradient.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array, k: number): np.Array {
  return verbs.mode("subset.mode", "logits, k", logits, k);
}

/**
 * The perturbed logits of a draw whose set is `khot`, `[..., n]`. `mode` of them is `khot`, and over sets from `sample`
 * they have the law of `logits + G`, to 1e-5 in total variation. Seen as the times at which entries come, `-log` of
 * which they are, the members come before the earliest of the others, of which the time is drawn first.
 *
 * The gradient is by the logits, as through a draw of one's own (reparameterized; that of the earliest time is
 * implicit, to 1e-4 but for its tails, and has no derivative of its own); none is by the set. A vector that is not of k
 * ones and zeros, or with an impossible entry, gives NaN.
 *
 * @param key PRNG key, consumed
 * @param khot k-hot vectors `[..., n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Tucker, Mnih, Maddison, Lawson, Sohl-Dickstein, "REBAR", 2017, of one choice; Figurnov, Mohamed, Mnih, "Implicit
 * Reparameterization Gradients", 2018.
 */
export function perturbGiven(key: np.Array, khot: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.perturbGiven("subset.perturbGiven", "key, khot, logits, k", "khot", key, khot, logits, k);
}

/**
 * A relaxed draw: entries that sum to k, shape `[..., n]`, by either relaxation of the k largest of `logits + G`.
 *
 * As the temperature falls, it tends to the k-hot vector that `sample` returns for the same key. With `hard`, the value
 * is that vector exactly, taken from the perturbed logits, and the gradient is that of the relaxation
 * (straight-through).
 *
 * The gradient of the threshold relaxation is that of the solution, by the implicit function theorem. There is no
 * second derivative.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n; for n, a vector of ones
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "threshold" (default) or "successive"
 * @throws RangeError for a k that is not from 1 to n, for a temperature that is not positive, and for a relaxation of
 *   another name; TypeError for a key that is none and for an option of another name
 *
 * Amos, Koltun, Kolter, "The Limited Multi-Label Projection Layer", 2019; Plötz, Roth, "Neural Nearest Neighbors
 * Networks", 2018; Xie, Ermon, "Reparameterizable Subset Sampling via Continuous Relaxations", 2019.
 *
 * @example
 * const choice = subset.relax(random.key(0), np.array([0, 1, 2, 3]), 2, { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, k: number, options: SubsetRelaxOptions = {}): np.Array {
  return verbs.relax("subset.relax", "key, logits, k, options", key, logits, k, options);
}

/**
 * A draw of `relax` whose set is `khot`: a relaxation of `perturbGiven`, `[..., n]`. Over sets from `sample` it has the
 * law of `relax`, and as the temperature falls it tends to `khot`. The gradient is by logits and temperature; none is
 * by the set.
 *
 * @param key PRNG key, consumed
 * @param khot k-hot vectors `[..., n]`, whose batch axes broadcast with those of the logits, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "threshold" (default) or "successive"
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const exact = subset.sample(drawKey, logits.ref, 2);
 * const relaxed = subset.relaxGiven(relaxKey, exact, logits, 2, { temperature: 0.5 });
 */
export function relaxGiven(
  key: np.Array,
  khot: np.Array,
  logits: np.Array,
  k: number,
  options: SubsetOptions = {},
): np.Array {
  return verbs.relaxGiven("subset.relaxGiven", "key, khot, logits, k, options", "khot", key, khot, logits, k, options);
}

/**
 * An exact draw as a k-hot vector `[..., n]`: the k largest of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Kool, van Hoof, Welling, "Stochastic Beams and Where to Find Them", 2019.
 *
 * @example
 * const draw = subset.sample(random.key(0), np.array([0, 1, 2, 3]), 2);
 */
export function sample(key: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.sample("subset.sample", "key, logits, k", key, logits, k);
}

/**
 * An exact draw as indices in the order drawn, int32 `[..., k]`: the entries that `sample` takes for the same key, the
 * largest of `logits + G` first. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function sampleOrdered(key: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.sampleOrdered("subset.sampleOrdered", "key, logits, k", key, logits, k);
}

/**
 * The log-probability that `sample` returns a k-hot vector, shape `[...]`: the sum over all orders, computed as an
 * integral over the k-th largest key. -Infinity for a vector that is not of k ones and zeros, or with an impossible
 * entry. The gradient is by the logits.
 *
 * It is off by at most 2e-6 of itself, or of 1, for up to 1,000 entries and logits of any size.
 *
 * @param khot k-hot vectors `[..., n]`, consumed
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Kool, van Hoof, Welling, "Estimating Gradients for Discrete Random Variables by Sampling without Replacement", 2020.
 */
export function setLogProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  return verbs.setLogProb("subset.setLogProb", "khot, logits, k", "khot", khot, logits, k);
}

/**
 * The relaxation without noise: entries that sum to k, `[..., n]`, by either relaxation of the k largest logits.
 *
 * @param logits `[..., n]`, consumed
 * @param k from 1 to n
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.relaxation "threshold" (default) or "successive"
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, k: number, options: SubsetOptions = {}): np.Array {
  return verbs.softMode("subset.softMode", "logits, k, options", logits, k, options);
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
  return verbs.support("subset.support", "logits, k", logits, k);
}
