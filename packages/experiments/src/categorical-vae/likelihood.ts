/** What a decoder's numbers say of the values of pixels: a law for each, independent of the others given the code. */

import { numpy as np } from "@jax-js/jax";
import { bernoulli } from "softdraw";

export const likelihoods = ["bernoulli", "discretized-logistic"] as const;

interface Likelihood {
  /** Numbers of the decoder for each value of a pixel. */
  readonly parameters: number;
  /**
   * `log p` of images, values from 0 to 1, summed over these: `[batch, values]` and `[..., batch, parameters * values]` to
   * `[..., batch]`. Consumes both.
   */
  logProb(images: np.Array, decoded: np.Array): np.Array;
  /** What the values are in the middle, from 0 to 1: `[..., parameters * values]` to `[..., values]`. Consumes its array. */
  middle(decoded: np.Array): np.Array;
}

/** Ink or none, by a logit; of a grey value, the expectation of that. */
const inkOrNone: Likelihood = {
  parameters: 1,
  logProb: (images, logits) => bernoulli.logProb(images, logits).sum(-1),
  middle: (logits) => bernoulli.softMode(logits),
};

/** Steps between the 256 values of a byte. */
const STEPS = 255;

/** A law that is narrower would have all in one value, and gradients beyond measure. */
const LEAST_LOG_SCALE = -7;

/** Where `log(1 - exp(-d))` is taken from its series: there, the difference would be of rounding. */
const NARROW = 0.5;

/**
 * Which of the 256 values of a byte a pixel has: a logistic law over -1 to 1, of which each value has the stretch that is nearest to it,
 * and the first and the last have the tails. With a and b the ends of the stretch, less the mean and by the scale,
 *
 *     p = sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)),
 *
 * of which the product keeps its digits where the difference has none. The decoder gives all means, and then the logarithms of all scales.
 *
 * Salimans, Karpathy, Chen, Kingma, "PixelCNN++", 2017.
 */
const discretizedLogistic: Likelihood = {
  parameters: 2,
  logProb(images, decoded) {
    const { means, logScales } = halvesOf(decoded);
    const narrowest = np.maximum(logScales, LEAST_LOG_SCALE);
    const slope = np.exp(np.negative(narrowest.ref));
    const centered = images.ref.mul(2).sub(1).sub(means);
    const above = logSigmoid(centered.ref.add(1 / STEPS).mul(slope.ref));
    const below = logSigmoid(np.negative(centered.sub(1 / STEPS).mul(slope.ref)));
    const width = logOneMinusExp(slope.mul(2 / STEPS), np.subtract(Math.log(2 / STEPS), narrowest));
    const isFirst = images.ref.less(0.5 / STEPS);
    const isLast = images.greater(1 - 0.5 / STEPS);
    const inner = above.ref.add(below.ref).add(width);
    return np.where(isFirst, above, np.where(isLast, below, inner)).sum(-1);
  },
  middle(decoded) {
    const { means, logScales } = halvesOf(decoded);
    logScales.dispose();
    return np.clip(means, -1, 1).add(1).div(2);
  },
};

function halvesOf(decoded: np.Array): { means: np.Array; logScales: np.Array } {
  const values = decoded.shape.at(-1)! / 2;
  const pairs = decoded.reshape([...decoded.shape.slice(0, -1), 2, values]);
  const half = (which: number) => pairs.ref.slice(...pairs.shape.slice(0, -2).map(() => [] as []), which);
  const halves = { means: half(0), logScales: half(1) };
  pairs.dispose();
  return halves;
}

/** Upstream: the engine's own is infinite for numbers that it takes the exponential of. */
function logSigmoid(x: np.Array): np.Array {
  const rest = np.log(np.exp(np.negative(np.abs(x.ref))).add(1));
  return np.minimum(x, 0).sub(rest);
}

/** `log(1 - exp(-d))`, of which the logarithm of d is known. Each branch gets what it is right for, and so has a finite gradient. */
function logOneMinusExp(d: np.Array, logD: np.Array): np.Array {
  const small = np.minimum(d.ref, NARROW);
  const series = logD.sub(small.ref.div(2)).add(np.square(small).div(24));
  const large = np.log(np.subtract(1, np.exp(np.negative(np.maximum(d.ref, NARROW)))));
  return np.where(d.less(NARROW), series, large);
}

const LIKELIHOODS: Readonly<Record<(typeof likelihoods)[number], Likelihood>> = {
  bernoulli: inkOrNone,
  "discretized-logistic": discretizedLogistic,
};

export function likelihoodOf({ likelihood }: { readonly likelihood: (typeof likelihoods)[number] }): Likelihood {
  return LIKELIHOODS[likelihood];
}
