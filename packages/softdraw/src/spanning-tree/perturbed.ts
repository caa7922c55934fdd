/**
 * Spanning trees by perturb and maximize: the tree with the largest sum of perturbed logits, `argmax_T sum_(e in T)
 * (logit_e + G_e)`, with an independent Gumbel variable for each edge. Logits and values are those of `spanningTree`.
 *
 * This is what `sample` draws from. It is another law than the Gibbs law of `spanningTree`; it has no tractable
 * probabilities, so there is no `logProb`, `entropy` or `kl`, and its mean is not `marginals` of that.
 *
 * `relax` is the mean of the Gibbs law of the perturbed logits over a temperature: a stochastic softmax trick. As the
 * temperature falls, it tends to what `sample` draws for the same key.
 *
 * Paulus, Choi, Tarlow, Krause, Maddison, "Gradient Estimation with Stochastic Softmax Tricks", 2020.
 *
 * @module
 */

import type { numpy as np } from "@jax-js/jax";
import type { RelaxOptions, TemperatureOptions } from "../options.ts";
import { NO_ROOT, perturbedVerbs, verbs } from "./definition.ts";

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * The tree with the largest sum of logits, as a symmetric matrix `[..., n, n]`: see `spanningTree.mode`. No gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  return verbs.mode("spanningTree.perturbed.mode", logits, NO_ROOT);
}

/**
 * A relaxed draw: the marginals of `(logits + G) / temperature`, a symmetric matrix `[..., n, n]` of entries from 0 to 1
 * that sum to 2 (n - 1).
 *
 * As the temperature falls, it tends to what `sample` returns for the same key. With `hard`, the value is that, and the
 * gradient is that of the relaxation (straight-through).
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const tree = spanningTree.perturbed.relax(random.key(0), np.zeros([5, 5]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: RelaxOptions = {}): np.Array {
  return perturbedVerbs.relax("spanningTree.perturbed.relax", key, logits, options, NO_ROOT);
}

/**
 * A draw, as a symmetric matrix `[..., n, n]`: the tree with the largest sum of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const tree = spanningTree.perturbed.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  return perturbedVerbs.sample("spanningTree.perturbed.sample", key, logits, NO_ROOT);
}

/**
 * The relaxation without noise, `[..., n, n]`: the marginals of `logits / temperature`, as `spanningTree.softMode` gives them.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  return verbs.softMode("spanningTree.perturbed.softMode", logits, options, NO_ROOT);
}

/**
 * The `n^(n - 2)` spanning trees: see `spanningTree.support`.
 *
 * @param logits `[..., n, n]`, n at most 7, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 7
 */
export function support(logits: np.Array): np.Array {
  return verbs.support("spanningTree.perturbed.support", logits, NO_ROOT);
}
