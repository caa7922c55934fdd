/** Subsets of one size, with the verbs and signatures that all structures share. */

import type { numpy as np } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import type { SubsetOptions, SubsetRelaxOptions } from "./verbs.ts";
import * as verbs from "./verbs.ts";

/** What `subset.of(k)` returns: the verbs of `subset` without their argument k. Logits have shape `[..., n]`. */
export interface SubsetOf {
  /** How many of n are taken. */
  readonly k: number;
  /** How many of the last axes of the logits are one choice: see `Structure`. */
  readonly eventAxes: 1;
  /** Which law estimators may rely on: see `Structure`. */
  readonly law: "gumbel-max";
  /** The log-probability that `sample` returns a k-hot vector, shape `[...]`: see `subset.setLogProb`. */
  logProb(value: np.Array, logits: np.Array): np.Array;
  /** The k largest logits as a k-hot vector `[..., n]`: see `subset.mode`. */
  mode(logits: np.Array): np.Array;
  /** The perturbed logits of a draw whose exact draw is known, `[..., n]`: see `subset.perturbGiven`. */
  perturbGiven(key: np.Array, value: np.Array, logits: np.Array): np.Array;
  /** A relaxed draw, entries that sum to k, `[..., n]`: see `subset.relax`. */
  relax(key: np.Array, logits: np.Array, options?: SubsetRelaxOptions): np.Array;
  /** A relaxed draw whose exact draw is known, `[..., n]`: see `subset.relaxGiven`. */
  relaxGiven(key: np.Array, value: np.Array, logits: np.Array, options?: SubsetOptions): np.Array;
  /** An exact draw as a k-hot vector `[..., n]`: see `subset.sample`. */
  sample(key: np.Array, logits: np.Array): np.Array;
  /** An exact draw as indices in the order drawn, int32 `[..., k]`: see `subset.sampleOrdered`. */
  sampleOrdered(key: np.Array, logits: np.Array): np.Array;
  /** The relaxation without noise, `[..., n]`: see `subset.softMode`. */
  softMode(logits: np.Array, options?: SubsetOptions): np.Array;
  /** The k-hot vectors, `[C(n, k), n]`: see `subset.support`. */
  support(logits: np.Array): np.Array;
}

/**
 * Subsets of k, with the verbs and signatures of every other structure, for code that takes any of them. A value is the
 * k-hot vector that `sample` returns, so `logProb` is `subset.setLogProb`, the law of the set, and not that of an
 * order.
 *
 * @param k a positive whole number; each call checks it against the n of its logits
 * @throws RangeError for a k that is none
 *
 * @example
 * const pairs = subset.of(2);
 * const draw = pairs.sample(random.key(0), np.array([0, 1, 2, 3]));
 */
export function of(k: number): SubsetOf {
  checkCount("subset.of", "k", k, 1);
  const name = (verb: keyof SubsetOf) => `subset.of(${k}).${verb}`;
  const [logProb, mode, relax] = [name("logProb"), name("mode"), name("relax")];
  const [sample, sampleOrdered, softMode] = [name("sample"), name("sampleOrdered"), name("softMode")];
  const [perturbGiven, relaxGiven, support] = [name("perturbGiven"), name("relaxGiven"), name("support")];
  const bound: SubsetOf = {
    k,
    eventAxes: 1,
    law: "gumbel-max",
    logProb: (value, logits) => verbs.setLogProb(logProb, "value, logits", "value", value, logits, k),
    mode: (logits) => verbs.mode(mode, "logits", logits, k),
    perturbGiven: (key, value, logits) =>
      verbs.perturbGiven(perturbGiven, "key, value, logits", "value", key, value, logits, k),
    relax: (key, logits, options = {}) => verbs.relax(relax, "key, logits, options", key, logits, k, options),
    relaxGiven: (key, value, logits, options = {}) =>
      verbs.relaxGiven(relaxGiven, "key, value, logits, options", "value", key, value, logits, k, options),
    sample: (key, logits) => verbs.sample(sample, "key, logits", key, logits, k),
    sampleOrdered: (key, logits) => verbs.sampleOrdered(sampleOrdered, "key, logits", key, logits, k),
    softMode: (logits, options = {}) => verbs.softMode(softMode, "logits, options", logits, k, options),
    support: (logits) => verbs.support(support, "logits", logits, k),
  };
  return Object.freeze(bound);
}
