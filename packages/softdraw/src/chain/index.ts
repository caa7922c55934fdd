/**
 * Sequences of labels with transitions, one-hot `[..., length, labels]`: a linear-chain conditional random field. Logits
 * `[..., length, labels]` say how well a label fits a place, transitions `[..., labels, labels]` how well the label of a
 * column follows that of a row. The score of a sequence is the sum of both,
 *
 *     score(y) = sum_t logits_(t, y_t) + sum_t transitions_(y_t, y_(t+1)),    P(y) = exp(score(y)) / Z
 *
 * which is the Gibbs law; in `chain.perturbed` there is another of the same sequences. Transitions with one axis more
 * than the logits, `[..., length - 1, labels, labels]`, have a matrix for each place and its next. The batch axes of
 * both, and of lengths, broadcast; where transitions have more of them than the logits, give the logits axes of length 1.
 *
 * With `lengths`, int32 `[...]` from 1 to length, sequences end earlier. Behind the end, values and marginals are zeros,
 * and what the arrays hold there counts nothing.
 *
 * -Infinity, or what is below -1e30, in either array is impossible: never taken, with a gradient of zero. Arrays with
 * NaN or Infinity, of which every sequence is impossible, or with a length that is none, have no law: all that is asked
 * of them is NaN. Other entries are meant to be from -1e27 to 1e27: sums of larger ones meet what stands for the impossible.
 *
 * Everything is computed by messages along the chain. Of few labels they are passed by a tree, in steps that grow as the
 * logarithm of the length; of more of them place by place. What goes place by place is a few kernels for each, which are
 * compiled at the first call of a shape. Sums are taken relative to the largest of their terms, so that arrays of
 * such a size are in range: `logPartition` is off by at most 2e-6 of the largest sum of entries that a sequence could have, or
 * of 1, marginals by 1e-5, or 1e-8 of that sum if it is more.
 *
 * Lafferty, McCallum, Pereira, "Conditional Random Fields: Probabilistic Models for Segmenting and Labeling Sequence
 * Data", 2001; Rabiner, "A Tutorial on Hidden Markov Models", 1989.
 *
 * @module
 */

import { lax, numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, isTraced } from "../checks.ts";
import type { TemperatureOptions } from "../options.ts";
import { type ChainOptions, checkChain, checkLengths, checkPairs, checkPrior } from "./checks.ts";
import * as kernels from "./kernels.ts";
import type { ChainTemperatureOptions } from "./shared.ts";
import * as shared from "./shared.ts";

export type { ChainOptions } from "./checks.ts";
export * as perturbed from "./perturbed.ts";
export type { ChainTemperatureOptions } from "./shared.ts";

/** How many arrays verbs take, and `expectation` in a list: see `PairStructure`. */
export const arrays = 2;

/**
 * The entropy in nats, `-sum_y P(y) log P(y)`, shape `[...]`, from 0 to length times the logarithm of labels. Its
 * gradient has no derivative of its own.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function entropy(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  const lengths = checkChain("chain.entropy", logits, transitions, options);
  return kernels.entropyKernel(kernels.bothOf(logits, transitions), lengths);
}

/** How many of the last axes of the logits are one choice: see `PairStructure`. */
export const eventAxes = 2;

/**
 * The Kullback-Leibler divergence in nats, `sum_y P(y) (log P(y) - log Q(y))`, shape `[...]`, of the law of the arrays
 * from that of the prior's, of the same lengths. Never negative. Infinity where P takes what Q cannot (with a probability
 * that float32 holds); there is no gradient there. Its gradient has no derivative of its own.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param prior logits and transitions of Q, in a list, consumed; default uniform over all sequences
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function kl(
  logits: np.Array,
  transitions: np.Array,
  prior?: readonly [np.Array, np.Array],
  options: ChainOptions = {},
): np.Array {
  const lengths = checkChain("chain.kl", logits, transitions, options);
  const [q, ofSteps] = checkPrior("chain.kl", prior ?? uniformLike(logits), logits);
  return kernels.klKernel(kernels.bothOf(logits, transitions), kernels.bothOf(q, ofSteps), lengths);
}

/**
 * The logarithm of the sum over all sequences, `log sum_y exp(score(y))`, shape `[...]`. Its gradient is `marginals` by
 * the logits and, by the transitions, how often the pairs are expected: the sum of `pairMarginals`. These have no
 * derivative here: differentiate `marginals`.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const logCount = chain.logPartition(np.zeros([4, 3]), np.zeros([3, 3])); // log 81
 */
export function logPartition(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  const lengths = checkChain("chain.logPartition", logits, transitions, options);
  return isTraced(logits) || isTraced(transitions)
    ? kernels.logPartitionKernel(kernels.bothOf(logits, transitions), lengths)
    : kernels.logPartitionAloneKernel(logits, transitions, lengths);
}

/**
 * The log-probability of sequences, `score(value) - logPartition`, shape `[...]`. -Infinity for what is no sequence of
 * one-hot rows, with zeros behind its end, and for one with an impossible label or transition. The gradient is by logits
 * and transitions, what the value has less what is expected, and has no derivative of its own.
 *
 * @param value one-hot `[..., length, labels]`, whose batch axes broadcast with those of the logits, consumed; no
 *   gradient reaches it
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Lafferty, McCallum, Pereira, "Conditional Random Fields", 2001.
 */
export function logProb(
  value: np.Array,
  logits: np.Array,
  transitions: np.Array,
  options: ChainOptions = {},
): np.Array {
  const lengths = checkChain("chain.logProb", logits, transitions, options);
  checkFloat("chain.logProb", "value", value, 2);
  checkBroadcast("chain.logProb", "value", value, logits, 2);
  return kernels.logProbKernel(lax.stopGradient(value), kernels.bothOf(logits, transitions), lengths);
}

/**
 * The mean of `sample`: the probability of each label at each place, `[..., length, labels]`. Rows sum to 1, or are zeros
 * behind the end. The gradient is by the covariances.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const mean = chain.marginals(logits, transitions);
 */
export function marginals(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  return kernels.meanOf("labels", logits, transitions, checkChain("chain.marginals", logits, transitions, options));
}

/** What `chain.of(lengths)` returns: the verbs of `chain` without their option `lengths`. */
export interface ChainOf {
  readonly arrays: 2;
  readonly eventAxes: 2;
  /** See `chain.entropy`. */
  entropy(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.kl`. */
  kl(logits: np.Array, transitions: np.Array, prior?: readonly [np.Array, np.Array]): np.Array;
  /** See `chain.logPartition`. */
  logPartition(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.logProb`. */
  logProb(value: np.Array, logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.marginals`. */
  marginals(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.mode`. */
  mode(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.pairMarginals`. */
  pairMarginals(logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.sample`. */
  sample(key: np.Array, logits: np.Array, transitions: np.Array): np.Array;
  /** See `chain.softMode`. */
  softMode(logits: np.Array, transitions: np.Array, options?: TemperatureOptions): np.Array;
}

/**
 * Chains of given lengths, with the signatures of a structure of two arrays, for code that takes any of them:
 * `expectation` by `"simple"` or `"score-function"`.
 *
 * @param lengths int32 `[...]`, from 1 to length, one for each sequence. It is kept: each call takes another `.ref` of it
 * @throws TypeError for arguments of another type
 *
 * @example
 * const short = chain.of(np.array([3, 1], { dtype: np.int32 }));
 * const draws = short.sample(random.key(0), np.zeros([2, 4, 3]), np.zeros([3, 3]));
 */
export function of(lengths: np.Array): ChainOf {
  checkLengths("chain.of", lengths);
  const options = () => ({ lengths: lengths.ref });
  const bound: ChainOf = {
    arrays,
    eventAxes,
    entropy: (logits, transitions) => entropy(logits, transitions, options()),
    kl: (logits, transitions, prior) => kl(logits, transitions, prior, options()),
    logPartition: (logits, transitions) => logPartition(logits, transitions, options()),
    logProb: (value, logits, transitions) => logProb(value, logits, transitions, options()),
    marginals: (logits, transitions) => marginals(logits, transitions, options()),
    mode: (logits, transitions) => mode(logits, transitions, options()),
    pairMarginals: (logits, transitions) => pairMarginals(logits, transitions, options()),
    sample: (key, logits, transitions) => sample(key, logits, transitions, options()),
    softMode: (logits, transitions, more = {}) => softMode(logits, transitions, { ...more, ...options() }),
  };
  return Object.freeze(bound);
}

/**
 * The most probable sequence (Viterbi), one-hot `[..., length, labels]`; of equals the first in the order of `support`,
 * as far as sums of the same numbers in float32 are equal. No gradient.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Viterbi, "Error Bounds for Convolutional Codes and an Asymptotically Optimum Decoding Algorithm", 1967.
 */
export function mode(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  return shared.mode("chain.mode", logits, transitions, options);
}

/**
 * The probability of each two labels at each place and its next, `[..., length - 1, labels, labels]`, the first label the
 * row. Their sums by rows, and by columns, are marginals of the labels. The gradient is by the covariances.
 *
 * @param logits `[..., length, labels]`, length at least 2, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function pairMarginals(logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  const lengths = checkChain("chain.pairMarginals", logits, transitions, options);
  checkPairs("chain.pairMarginals", logits);
  return kernels.meanOf("pairs", logits, transitions, lengths);
}

/**
 * An exact draw, one-hot `[..., length, labels]`: messages from the end to the beginning, and labels from the beginning to
 * the end, each by its law given the one before. No gradient.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const draw = chain.sample(random.key(0), np.zeros([4, 3]), np.zeros([3, 3]));
 */
export function sample(key: np.Array, logits: np.Array, transitions: np.Array, options: ChainOptions = {}): np.Array {
  checkKey("chain.sample", key);
  const lengths = checkChain("chain.sample", logits, transitions, options);
  return kernels.sampleKernel(key, lax.stopGradient(logits), lax.stopGradient(transitions), lengths);
}

/**
 * The marginals of logits and transitions over a temperature, `[..., length, labels]`: `marginals` at 1, and `mode` as
 * the temperature falls, but for sequences that tie, which share what is left. The gradient is by both arrays and the
 * temperature.
 *
 * @param logits `[..., length, labels]`, consumed
 * @param transitions `[..., labels, labels]`, or a matrix for each place, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch of the logits; default 1
 * @param options.lengths of shorter sequences
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, transitions: np.Array, options: ChainTemperatureOptions = {}): np.Array {
  return shared.softMode("chain.softMode", logits, transitions, options);
}

/**
 * The labels^length sequences, `[labels^length, length, labels]`, whatever the batch axes: in lexicographic order, so that
 * the last label changes first.
 *
 * @param logits `[..., length, labels]`, consumed; only their shape matters
 * @param transitions consumed likewise
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for more than 2^16
 *   sequences or 2^26 entries
 */
export function support(logits: np.Array, transitions: np.Array): np.Array {
  return shared.support("chain.support", logits, transitions);
}

function uniformLike(logits: np.Array): readonly [np.Array, np.Array] {
  const [length = 0, labels = 0] = logits.shape.slice(-2);
  return [np.zeros([length, labels]), np.zeros([labels, labels])];
}
