/**
 * Arborescences by perturb and maximize: the one with the largest sum of perturbed logits, `argmax_T sum_(e in T)
 * (logit_e + G_e)`, with an independent Gumbel variable for each edge. Logits and values are those of `arborescence`; any
 * vertex may be the root, and with `of({ root })` it is given.
 *
 * This is what `sample` draws from. It is another law than the Gibbs law of `arborescence`; it has no tractable
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
import { ANY_ROOT, perturbedVerbs, verbs } from "./definition.ts";
import { checkRoot, type RootOptions } from "./of.ts";

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/** Which law estimators may rely on: see `Structure`. */
export const law = "gumbel-max";

/** What `arborescence.perturbed.of({ root })` returns: the verbs with the root given. Logits have shape `[..., n, n]`. */
export interface PerturbedArborescenceOf {
  /** The vertex that has no parent. */
  readonly root: number;
  /** How many of the last axes of the logits are one choice: see `Structure`. */
  readonly eventAxes: 2;
  /** Which law estimators may rely on: see `Structure`. */
  readonly law: "gumbel-max";
  /** The one with the largest sum of logits, `[..., n, n]`: see `arborescence.mode`. */
  mode(logits: np.Array): np.Array;
  /** A relaxed draw, `[..., n, n]`: see `arborescence.perturbed.relax`. */
  relax(key: np.Array, logits: np.Array, options?: RelaxOptions): np.Array;
  /** A draw, `[..., n, n]`: see `arborescence.perturbed.sample`. */
  sample(key: np.Array, logits: np.Array): np.Array;
  /** The relaxation without noise, `[..., n, n]`: see `arborescence.perturbed.softMode`. */
  softMode(logits: np.Array, options?: TemperatureOptions): np.Array;
  /** All arborescences with this root, `[n^(n - 2), n, n]`: see `arborescence.support`. */
  support(logits: np.Array): np.Array;
}

/**
 * The one with the largest sum of logits, `[..., n, n]`: see `arborescence.mode`. No gradient.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array): np.Array {
  return verbs.mode("arborescence.perturbed.mode", logits, ANY_ROOT);
}

/**
 * The same law with a root that is given.
 *
 * @param options.root a whole number from 0; each call checks it against the n of its logits
 * @throws TypeError for options that are none, RangeError for a root that is none
 *
 * @example
 * const tree = arborescence.perturbed.of({ root: 0 }).sample(random.key(0), np.zeros([5, 5]));
 */
export function of(options: RootOptions): PerturbedArborescenceOf {
  const root = checkRoot("arborescence.perturbed.of", options);
  const name = (verb: keyof PerturbedArborescenceOf) => `arborescence.perturbed.of({ root: ${root} }).${verb}`;
  const [mode, relax, sample] = [name("mode"), name("relax"), name("sample")];
  const [softMode, support] = [name("softMode"), name("support")];
  const bound: PerturbedArborescenceOf = {
    root,
    eventAxes: 2,
    law: "gumbel-max",
    mode: (logits) => verbs.mode(mode, logits, root),
    relax: (key, logits, options = {}) => perturbedVerbs.relax(relax, key, logits, options, root),
    sample: (key, logits) => perturbedVerbs.sample(sample, key, logits, root),
    softMode: (logits, options = {}) => verbs.softMode(softMode, logits, options, root),
    support: (logits) => verbs.support(support, logits, root),
  };
  return Object.freeze(bound);
}

/**
 * A relaxed draw: the marginals of `(logits + G) / temperature`, `[..., n, n]`, entries from 0 to 1 that sum to n - 1.
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
 * const tree = arborescence.perturbed.relax(random.key(0), np.zeros([5, 5]), { temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: RelaxOptions = {}): np.Array {
  return perturbedVerbs.relax("arborescence.perturbed.relax", key, logits, options, ANY_ROOT);
}

/**
 * A draw, `[..., n, n]`: the arborescence with the largest sum of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const tree = arborescence.perturbed.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): np.Array {
  return perturbedVerbs.sample("arborescence.perturbed.sample", key, logits, ANY_ROOT);
}

/**
 * The relaxation without noise, `[..., n, n]`: the marginals of `logits / temperature`, as `arborescence.softMode` gives
 * them.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TemperatureOptions = {}): np.Array {
  return verbs.softMode("arborescence.perturbed.softMode", logits, options, ANY_ROOT);
}

/**
 * All arborescences: see `arborescence.support`.
 *
 * @param logits `[..., n, n]`, n at most 6, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 6
 */
export function support(logits: np.Array): np.Array {
  return verbs.support("arborescence.perturbed.support", logits, ANY_ROOT);
}
