/** Subsets of one size by the products of their weights, with the verbs and signatures that all structures share. */

import type { numpy as np } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import type { TemperatureOptions } from "../options.ts";
import * as verbs from "./verbs.ts";

/** What `conditionalBernoulli.of(k)` returns: the verbs without their argument k. Logits have shape `[..., n]`. */
export interface ConditionalBernoulliOf {
  /** How many of n are taken. */
  readonly k: number;
  /** How many of the last axes of the logits are one choice: see `Structure`. */
  readonly eventAxes: 1;
  /** The entropy in nats, `[...]`: see `conditionalBernoulli.entropy`. */
  entropy(logits: np.Array): np.Array;
  /** The divergence from a prior in nats, default the uniform law, `[...]`: see `conditionalBernoulli.kl`. */
  kl(logits: np.Array, prior?: np.Array): np.Array;
  /** The logarithm of the sum over all sets, `[...]`: see `conditionalBernoulli.logPartition`. */
  logPartition(logits: np.Array): np.Array;
  /** The log-probability that `sample` returns a k-hot vector, `[...]`: see `conditionalBernoulli.logProb`. */
  logProb(value: np.Array, logits: np.Array): np.Array;
  /** The mean of `sample`, `[..., n]`: see `conditionalBernoulli.marginals`. */
  marginals(logits: np.Array): np.Array;
  /** The k largest logits as a k-hot vector `[..., n]`: see `conditionalBernoulli.mode`. */
  mode(logits: np.Array): np.Array;
  /** An exact draw as a k-hot vector `[..., n]`: see `conditionalBernoulli.sample`. */
  sample(key: np.Array, logits: np.Array): np.Array;
  /** The marginals at a temperature, `[..., n]`: see `conditionalBernoulli.softMode`. */
  softMode(logits: np.Array, options?: TemperatureOptions): np.Array;
  /** The k-hot vectors, `[C(n, k), n]`: see `conditionalBernoulli.support`. */
  support(logits: np.Array): np.Array;
}

/**
 * Subsets of k by the products of their weights, with the verbs and signatures of every other structure, for code that
 * takes any of them: `expectation` by `"simple"`, `"score-function"` or `"exact"`. A value is the k-hot vector that
 * `sample` returns.
 *
 * @param k a positive whole number; each call checks it against the n of its logits
 * @throws RangeError for a k that is none
 *
 * @example
 * const pairs = conditionalBernoulli.of(2);
 * const draw = pairs.sample(random.key(0), np.array([0, 1, 2, 3]));
 */
export function of(k: number): ConditionalBernoulliOf {
  checkCount("conditionalBernoulli.of", "k", k, 1);
  const name = (verb: keyof ConditionalBernoulliOf) => `conditionalBernoulli.of(${k}).${verb}`;
  const [entropy, kl, logPartition, logProb] = [name("entropy"), name("kl"), name("logPartition"), name("logProb")];
  const [marginals, mode, sample] = [name("marginals"), name("mode"), name("sample")];
  const [softMode, support] = [name("softMode"), name("support")];
  const bound: ConditionalBernoulliOf = {
    k,
    eventAxes: 1,
    entropy: (logits) => verbs.entropy(entropy, "logits", logits, k),
    kl: (logits, prior) => verbs.kl(kl, "logits, prior", logits, k, prior),
    logPartition: (logits) => verbs.logPartition(logPartition, "logits", logits, k),
    logProb: (value, logits) => verbs.logProb(logProb, "value, logits", "value", value, logits, k),
    marginals: (logits) => verbs.marginals(marginals, "logits", logits, k),
    mode: (logits) => verbs.mode(mode, "logits", logits, k),
    sample: (key, logits) => verbs.sample(sample, "key, logits", key, logits, k),
    softMode: (logits, options = {}) => verbs.softMode(softMode, "logits, options", logits, k, options),
    support: (logits) => verbs.support(support, "logits", logits, k),
  };
  return Object.freeze(bound);
}
