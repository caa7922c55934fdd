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
 */

import { numpy as np } from "@jax-js/jax";
import { checkKey, checkSquare } from "../checks.ts";
import { gumbel } from "../noise.ts";
import { checkRelax, checkTemperature, RELAX, type RelaxOptions, type TemperatureOptions } from "../options.ts";
import { perturbedKernelsOf } from "../trees/kernels.ts";
import { definition, kernels, NO_ROOT, supportOfSpanningTrees } from "./definition.ts";

const perturbedKernels = perturbedKernelsOf(definition, noiseOfEdges);

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * The tree with the largest sum of logits, as a symmetric matrix `[..., n, n]`: see `spanningTree.mode`. No gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  checkSquare("spanningTree.perturbed.mode", "logits", logits);
  return kernels.mode(logits, NO_ROOT);
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
 * @param options.noise scale of the noise, a number from 0 or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const tree = spanningTree.perturbed.relax(random.key(0), np.zeros([5, 5]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: RelaxOptions = {}): np.Array {
  checkKey("spanningTree.perturbed.relax", key);
  checkSquare("spanningTree.perturbed.relax", "logits", logits);
  return perturbedKernels.relax(
    key,
    logits,
    checkRelax("spanningTree.perturbed.relax", logits, 2, options, RELAX),
    NO_ROOT,
  );
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
  checkKey("spanningTree.perturbed.sample", key);
  checkSquare("spanningTree.perturbed.sample", "logits", logits);
  return perturbedKernels.sample(key, logits, NO_ROOT);
}

/**
 * The relaxation without noise, `[..., n, n]`: the marginals of `logits / temperature`, as `spanningTree.softMode` gives them.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  checkSquare("spanningTree.perturbed.softMode", "logits", logits);
  return kernels.softMode(logits, checkTemperature("spanningTree.perturbed.softMode", logits, 2, options), NO_ROOT);
}

/**
 * The `n^(n - 2)` spanning trees: see `spanningTree.support`.
 *
 * @param logits `[..., n, n]`, n at most 7, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 7
 */
export function support(logits: np.Array): np.Array {
  checkSquare("spanningTree.perturbed.support", "logits", logits);
  return supportOfSpanningTrees("spanningTree.perturbed.support", logits);
}

/** The same noise for both entries of an edge. */
function noiseOfEdges(key: np.Array, shape: number[] = []): np.Array {
  const n = shape.at(-1)!;
  const isAbove = Float32Array.from({ length: n * n }, (_, at) => (at % n > Math.floor(at / n) ? 1 : 0));
  const above = gumbel(key, shape).mul(np.array(isAbove, { shape: [n, n] }));
  return above.ref.add(np.swapaxes(above, -1, -2));
}
