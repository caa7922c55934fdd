/** What the latent code is made of: choices of one kind, whose prior is the uniform law. */

import { numpy as np } from "@jax-js/jax";
import { bernoulli, categorical, conditionalBernoulli, type Structure, scoreFunction, subset } from "softdraw";

export const latents = ["categorical", "bernoulli", "subset", "conditional-bernoulli"] as const;

/** The options that say which choices. */
export interface LatentConfig {
  readonly latent: (typeof latents)[number];
  readonly classes: number;
  readonly k: number;
}

/** The options that say which code. */
export interface CodeConfig extends LatentConfig {
  readonly variables: number;
}

/** One choice of the code. */
export interface Latent {
  /** Not every one has a relaxation. */
  readonly structure: Structure & Required<Pick<Structure, "logProb">>;
  /** The shape of its value and of its logits. */
  readonly event: readonly number[];
  /** The logarithm of how many values it can take: minus that of the probability of each under the uniform law. */
  readonly logValues: number;
  /** The divergence of its law from the uniform one, shape of the batch, where there is a formula. */
  readonly kl?: (logits: np.Array) => np.Array;
  /** What it is called, of many. */
  readonly words: string;
  /** Values that a picture shows beside each other, and what they are called. */
  readonly shown: { readonly values: readonly (readonly number[])[]; readonly words: string };
}

export function latentOf({ latent, classes, k }: LatentConfig): Latent {
  switch (latent) {
    case "categorical":
      return {
        structure: categorical,
        event: [classes],
        logValues: Math.log(classes),
        kl: categorical.kl,
        words: `choices among ${classes}`,
        shown: { values: windows(classes, 1), words: `each of its ${classes} categories` },
      };
    case "bernoulli":
      return {
        structure: bernoulli,
        event: [],
        logValues: Math.LN2,
        kl: bernoulli.kl,
        words: "choices of yes or no",
        shown: { values: [[0], [1]], words: "no and yes" },
      };
    case "subset":
      return {
        structure: subset.of(k),
        event: [classes],
        logValues: logBinomial(classes, k),
        words: `choices of ${k} among ${classes}`,
        shown: { values: windows(classes, k), words: `${classes} of its sets, ${k} neighbours each` },
      };
    case "conditional-bernoulli": {
      const structure = conditionalBernoulli.of(k);
      return { ...latentOf({ latent: "subset", classes, k }), structure, kl: structure.kl };
    }
  }
}

/**
 * The divergence from the uniform law, shape of the batch. Where there is no formula, an estimate by exact draws: the mean
 * of `log q(z) + log values`, with the gradient of the score function.
 *
 * @param key PRNG key, consumed
 * @param logits `[...batch, ...event]`, consumed
 * @param samples draws of the estimate
 */
export function divergenceFromUniform(
  { structure, kl, logValues }: Latent,
  key: np.Array,
  logits: np.Array,
  samples: number,
): np.Array {
  if (kl) {
    key.dispose();
    return kl(logits);
  }
  const logProb = structure.logProb(drawn(structure, key, logits.ref, [samples]), logits);
  const baseline = samples > 1 ? "leave-one-out" : "none";
  return scoreFunction(logProb.ref, logProb.add(logValues), { baseline });
}

/** Exact draws for each of some new leading axes. Consumes key and logits. */
export function drawn(structure: Structure, key: np.Array, logits: np.Array, axes: readonly number[]): np.Array {
  const many = np.broadcastTo(logits, [...axes, ...logits.shape]);
  // None of these choices is solved on the host.
  return structure.sample(key, many) as np.Array;
}

/** k-hot vectors of n, whose ones are neighbours, the last and the first too: one that begins at each entry. */
function windows(n: number, k: number): number[][] {
  return Array.from({ length: n }, (_, first) => Array.from({ length: n }, (_, i) => Number((i - first + n) % n < k)));
}

/** log C(n, k). */
function logBinomial(n: number, k: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += Math.log((n - i) / (k - i));
  return sum;
}
