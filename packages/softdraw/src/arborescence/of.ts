/** Arborescences whose root is given, with the verbs and signatures that all structures share. */

import type { numpy as np } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import { checkOptions, type TemperatureOptions } from "../options.ts";
import { verbs } from "./definition.ts";

export interface RootOptions {
  /** The vertex that has no parent: a whole number from 0 to n - 1. */
  root: number;
}

/** What `arborescence.of({ root })` returns: the verbs of `arborescence`, the root given. Logits have shape `[..., n, n]`. */
export interface ArborescenceOf {
  /** The vertex that has no parent. */
  readonly root: number;
  /** How many of the last axes of the logits are one choice: see `Structure`. */
  readonly eventAxes: 2;
  /** The entropy in nats, `[...]`: see `arborescence.entropy`. */
  entropy(logits: np.Array): np.Array;
  /** The divergence from a prior in nats, default uniform over the `n^(n - 2)` of this root, `[...]`: see `arborescence.kl`. */
  kl(logits: np.Array, prior?: np.Array): np.Array;
  /** The logarithm of the sum over all with this root, `[...]`: see `arborescence.logPartition`. */
  logPartition(logits: np.Array): np.Array;
  /** The log-probability that `sample` returns a matrix, `[...]`: see `arborescence.logProb`. */
  logProb(value: np.Array, logits: np.Array): np.Array;
  /** The mean of `sample`, `[..., n, n]`: see `arborescence.marginals`. */
  marginals(logits: np.Array): np.Array;
  /** The one with the largest sum of logits, `[..., n, n]`: see `arborescence.mode`. */
  mode(logits: np.Array): np.Array;
  /** An exact draw, `[..., n, n]`: see `arborescence.sample`. */
  sample(key: np.Array, logits: np.Array): np.Array;
  /** The marginals at a temperature, `[..., n, n]`: see `arborescence.softMode`. */
  softMode(logits: np.Array, options?: TemperatureOptions): np.Array;
  /** The `n^(n - 2)` arborescences with this root, `[n^(n - 2), n, n]`, n at most 7: see `arborescence.support`. */
  support(logits: np.Array): np.Array;
}

/**
 * Arborescences with a root that is given. The logits of edges to it mean nothing, and have no gradient.
 *
 * @param options.root a whole number from 0; each call checks it against the n of its logits
 * @throws TypeError for options that are none, RangeError for a root that is none
 *
 * @example
 * const sentences = arborescence.of({ root: 0 });
 * const tree = sentences.sample(random.key(0), np.zeros([5, 5]));
 */
export function of(options: RootOptions): ArborescenceOf {
  const root = checkRoot("arborescence.of", options);
  const name = (verb: keyof ArborescenceOf) => `arborescence.of({ root: ${root} }).${verb}`;
  const [entropy, kl, logPartition, logProb] = [name("entropy"), name("kl"), name("logPartition"), name("logProb")];
  const [marginals, mode, sample] = [name("marginals"), name("mode"), name("sample")];
  const [softMode, support] = [name("softMode"), name("support")];
  const bound: ArborescenceOf = {
    root,
    eventAxes: 2,
    entropy: (logits) => verbs.entropy(entropy, logits, root),
    kl: (logits, prior) => verbs.kl(kl, logits, prior, root),
    logPartition: (logits) => verbs.logPartition(logPartition, logits, root),
    logProb: (value, logits) => verbs.logProb(logProb, value, logits, root),
    marginals: (logits) => verbs.marginals(marginals, logits, root),
    mode: (logits) => verbs.mode(mode, logits, root),
    sample: (key, logits) => verbs.sample(sample, key, logits, root),
    softMode: (logits, options = {}) => verbs.softMode(softMode, logits, options, root),
    support: (logits) => verbs.support(support, logits, root),
  };
  return Object.freeze(bound);
}

export function checkRoot(where: string, options: RootOptions): number {
  checkOptions(where, options, ["root"], "{ root: 0 }");
  checkCount(where, "root", options.root, 0);
  return options.root;
}
