/**
 * Sequences of labels by another law than that of `chain`: the one with the largest score of perturbed logits (perturb
 * and maximize, as the stochastic softmax tricks have it). Gumbel noise is added to the logit of each label at each
 * place, and none to the transitions:
 *
 *     sample             argmax_y score(y; logits + G, transitions)
 *     relax              chain.marginals((logits + noise * G) / temperature, transitions / temperature)
 *     relax with hard    the maximum of the same logits, with the gradient of the second
 *
 * So it draws from a categorical law at each place where transitions are equal, as `chain` does; where they are not, the
 * two laws differ, and of this one no probabilities are known: there is no `logProb`, `entropy` or `kl`, nor `marginals`
 * of what `sample` draws. What it has is a relaxation of its own draws. Arrays, lengths and what has no law are those of
 * `chain`.
 *
 * Paulus, Choi, Tarlow, Krause, Maddison, "Gradient Estimation with Stochastic Softmax Tricks", 2020; Papandreou, Yuille,
 * "Perturb-and-MAP Random Fields", 2011.
 *
 * @module
 */

import { lax, type numpy as np } from "@jax-js/jax";
import { checkKey } from "../checks.ts";
import { checkRelax, RELAX, type RelaxOptions, type TemperatureOptions } from "../options.ts";
import { CHAIN, type ChainOptions, checkChain, checkLengths } from "./checks.ts";
import * as kernels from "./kernels.ts";
import type { ChainTemperatureOptions } from "./shared.ts";
import * as shared from "./shared.ts";

export interface ChainRelaxOptions extends ChainOptions, RelaxOptions {}

const RELAXED = [...RELAX, ...CHAIN];

/** How many arrays verbs take, and `expectation` in a list: see `PairStructure`. */
export const arrays = 2;

/** How many of the last axes of the logits are one choice: see `PairStructure`. */
export const eventAxes = 2;

/**
 * The sequence with the largest score, one-hot `[..., length, labels]`: see `chain.mode`. No gradient.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function mode(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  return shared.mode("chain.perturbed.mode", logits, transitions, options);
}

/** What `chain.perturbed.of(lengths)` returns: the verbs without their option `lengths`. */
export interface PerturbedChainOf {
  readonly arrays: 2;
  readonly eventAxes: 2;
  /** See `chain.perturbed.mode`. */
  mode(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.perturbed.relax`. */
  relax(key: np.Array, logits: np.Array, transitions: np.Array, options?: RelaxOptions): np.Array;
  /** See `chain.perturbed.sample`. */
  sample(key: np.Array, logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.perturbed.softMode`. */
  softMode(logits: np.Array, transitions: np.Array, options?: TemperatureOptions): np.Array;
}

/**
 * Chains of given lengths, with the signatures of a structure of two arrays: see `chain.of`.
 *
 * @param lengths int32 `[...]`, from 1 to length, one for each sequence. It is kept: each call takes another `.ref` of it
 * @throws TypeError for arguments of another type
 */
export function of(lengths: np.Array): PerturbedChainOf {
  checkLengths("chain.perturbed.of", lengths);
  const options = () => ({ lengths: lengths.ref });
  const bound: PerturbedChainOf = {
    arrays,
    eventAxes,
    mode: (logits, transitions) => mode(logits, transitions, options()),
    relax: (key, logits, transitions, more = {}) => relax(key, logits, transitions, { ...more, ...options() }),
    sample: (key, logits, transitions) => sample(key, logits, transitions, options()),
    softMode: (logits, transitions, more = {}) => softMode(logits, transitions, { ...more, ...options() }),
  };
  return Object.freeze(bound);
}

/**
 * A relaxed draw: the marginals of perturbed logits and of transitions over a temperature, `[..., length, labels]`. Rows
 * sum to 1, or are zeros behind the end. As the temperature falls it tends to what `sample` returns for the same key; with
 * `hard` the value is that exactly, and the gradient is that of the marginals (straight-through).
 *
 * @param key PRNG key, consumed
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch of the logits; default 1
 * @param options.hard default false
 * @param options.noise scale of the noise, 0 to 1e18, or an array that broadcasts likewise; default 1
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const soft = chain.perturbed.relax(random.key(0), logits, transitions, { temperature: 0.5 });
 */
export function relax(
  key: np.Array,
  logits: np.Array,
  transitions: np.Array,
  options: ChainRelaxOptions = {},
): np.Array {
  checkKey("chain.perturbed.relax", key);
  const lengths = checkChain("chain.perturbed.relax", logits, transitions, options, RELAXED);
  const [temperature, scale, hard] = checkRelax("chain.perturbed.relax", logits, 2, options, RELAXED);
  const pair = kernels.bothOf(logits, transitions);
  return kernels.relaxKernel(
    key,
    pair,
    kernels.withFixed(temperature as np.Array),
    scale.map((one) => kernels.withFixed(one as np.Array)),
    lengths,
    hard,
  );
}

/**
 * A draw, one-hot `[..., length, labels]`: the sequence with the largest score of `logits + G`. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const draw = chain.perturbed.sample(random.key(0), np.zeros([4, 3]), np.zeros([3, 3]));
 */
export function sample(key: np.Array, logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  checkKey("chain.perturbed.sample", key);
  const lengths = checkChain("chain.perturbed.sample", logits, transitions, options);
  return kernels.perturbedSampleKernel(key, lax.stopGradient(logits), lax.stopGradient(transitions), lengths);
}

/**
 * The relaxation without noise, `[..., length, labels]`: see `chain.softMode`.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch of the logits; default 1
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, transitions: np.Array, options: ChainTemperatureOptions = {}): np.Array {
  return shared.softMode("chain.perturbed.softMode", logits, transitions, options);
}

/**
 * The labels^length sequences, `[labels^length, length, labels]`: see `chain.support`.
 *
 * @param logits `[..., length, labels]`, consumed; only their shape matters
 * @param transitions consumed likewise
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for more than 2^16
 *   sequences or 2^26 entries
 */
export function support(logits: np.Array, transitions: np.Array): np.Array {
  return shared.support("chain.perturbed.support", logits, transitions);
}
