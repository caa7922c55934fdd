/**
 * The noise behind every draw: standard Gumbel for choices among many, standard logistic (the difference of two
 * Gumbels) for yes or no.
 *
 * Both are finite for every one of the 2^32 random patterns. The usual `-log(-log(u))` is infinite at the end points
 * of u, and a single infinite draw turns a softmax, and then a training run, into NaN.
 *
 * Upstream: `random.gumbel` is infinite about once in 2^23 draws.
 *
 * @module
 */

import { jit, numpy as np, random } from "@jax-js/jax";
import { checkBits, checkFloat, checkKey, checkShape } from "./checks.ts";
import { exponentialFromUniform, uniformFromBits } from "./uniforms.ts";

/**
 * Standard Gumbel noise, `G = -log(E)` with `E = -log(1 - v)` and v uniform.
 *
 * Mean 0.57722 (Euler's constant), variance pi^2/6, values from -2.82 to 22.88. The uniform is oriented so that its
 * finely resolved end, near 0, is the upper tail of G: that tail decides an argmax among many.
 *
 * A draw is off from the exact function of its random bits by 1.8e-5 at most from the lower quantile 1e-3 up; its
 * probability to be exceeded is then exact to 1.3e-5 of itself up to the last of the 2^32 draws. Below that the noise is
 * coarse, in steps of 6e-8 of the probability: the lower quantile 1e-4 is off by 6e-5 (6e-4 of its probability), 1e-5 by
 * 5e-4, 1e-6 by 4e-3. All figures on WebAssembly.
 *
 * One key gives one stream, whatever the shape: the draws of shape `[10]` are the first of those of shape `[20]`. Split a
 * key for draws that are to be independent.
 *
 * @param key PRNG key, consumed
 * @param shape shape of the result, float32
 * @throws TypeError or RangeError for a key or a shape that is none
 *
 * Gumbel, "Statistical Theory of Extreme Values and Some Practical Applications", 1954.
 */
export function gumbel(key: np.Array, shape: number[] = []): np.Array {
  checkKey("noise.gumbel", key);
  checkShape("noise.gumbel", shape);
  return gumbelKernel(key, shape);
}

/**
 * The map from 32 random bits to Gumbel noise, for bits from elsewhere (quasi-random points, tests). Decreasing in
 * the bits as an unsigned number: 0 gives 22.87, 2^32 - 1 gives -2.81.
 *
 * @param bits uint32 of any shape, consumed
 * @throws TypeError for bits of another type
 */
export function gumbelFromBits(bits: np.Array): np.Array {
  checkBits("noise.gumbelFromBits", bits);
  return np.negative(np.log(exponentialFromUniform(uniformFromBits(bits))));
}

/**
 * Standard logistic noise, `L = log(v) - log(1 - v)` with v uniform: the difference of two independent Gumbels.
 *
 * Mean 0, variance pi^2/3, values from -22.88 to 22.88 with both tails finely resolved.
 *
 * @param key PRNG key, consumed
 * @param shape shape of the result, float32
 * @throws TypeError or RangeError for a key or a shape that is none
 */
export function logistic(key: np.Array, shape: number[] = []): np.Array {
  checkKey("noise.logistic", key);
  checkShape("noise.logistic", shape);
  return logisticKernel(key, shape);
}

/**
 * The map from 32 random bits to logistic noise; odd about the middle of the bits, so both tails are resolved alike.
 *
 * @param bits uint32 of any shape, consumed
 * @throws TypeError for bits of another type
 */
export function logisticFromBits(bits: np.Array): np.Array {
  checkBits("noise.logisticFromBits", bits);
  // A plain number enters as float32, which does not hold 2^32 - 1.
  const constant = (value: number) => np.array(value, { dtype: np.uint32, device: bits.device });
  const upper = bits.ref.greaterEqual(constant(0x80000000));
  const mirrored = np.where(upper.ref, constant(0xffffffff).sub(bits.ref), bits);
  const v = uniformFromBits(mirrored);
  const lower = np.log(v.ref.div(np.subtract(1, v)));
  return np.where(upper, np.negative(lower.ref), lower);
}

/**
 * Logits with Gumbel noise, `logits + G`: the keys that `sample` and `relax` rank. The same key gives the same
 * perturbed logits to both, so the gap between a relaxed draw and the exact one can be measured.
 *
 * @param key PRNG key, consumed
 * @param logits floating point, any shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function perturb(key: np.Array, logits: np.Array): np.Array {
  checkKey("noise.perturb", key);
  checkFloat("noise.perturb", "logits", logits);
  return perturbKernel(key, logits);
}

const gumbelKernel = jit(
  function gumbel(key: np.Array, shape: number[]) {
    return gumbelFromBits(random.bits(key, shape));
  },
  { staticArgnums: [1] },
);

const logisticKernel = jit(
  function logistic(key: np.Array, shape: number[]) {
    return logisticFromBits(random.bits(key, shape));
  },
  { staticArgnums: [1] },
);

const perturbKernel = jit(function perturb(key: np.Array, logits: np.Array) {
  const noise = gumbelFromBits(random.bits(key, logits.shape));
  return logits.add(noise);
});
