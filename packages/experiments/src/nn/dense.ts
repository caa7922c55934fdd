/**
 * Fully connected layers.
 *
 * @module
 */

import { numpy as np, random } from "@jax-js/jax";
import { splitKey } from "./keys.ts";
import { product } from "./parts.ts";

/**
 * `weight` is `[outputs, inputs]`, so that the product and both of its gradients read it as it lies; stored the other way,
 * a training step takes a tenth longer. `bias` is `[outputs]`.
 *
 * Upstream: a product is fast along the rows of both of its matrices, and slower where one is read by columns.
 */
export type Dense = { weight: np.Array; bias: np.Array };

/**
 * How the parameters begin:
 * - `fan-in`: weights and biases uniform within 1/sqrt(inputs) of 0, the default of PyTorch's linear layer;
 * - `he`: weights normal with variance 2/inputs, biases 0, which keeps the scale of ReLU layers (He et al. 2015);
 * - `truncated`: weights normal with deviation 0.1 and within 0.2 of 0, biases 0.1, whatever the size, as many examples of
 *   TensorFlow begin.
 */
export const initializations = ["fan-in", "he", "truncated"] as const;
export type Initialization = (typeof initializations)[number];

/** @param key PRNG key, consumed */
export function initDense(key: np.Array, inputs: number, outputs: number, initialization: Initialization): Dense {
  return initLayer(key, [outputs, inputs], inputs, outputs, initialization);
}

/**
 * Weights of any shape, of which `inputs` lead to each of the `outputs`, and biases.
 *
 * @param key PRNG key, consumed
 */
export function initLayer(
  key: np.Array,
  shape: number[],
  inputs: number,
  outputs: number,
  initialization: Initialization,
): { weight: np.Array; bias: np.Array } {
  if (initialization === "he") {
    return { weight: random.normal(key, shape).mul(Math.sqrt(2 / inputs)), bias: np.zeros([outputs]) };
  }
  if (initialization === "truncated") {
    return { weight: truncatedNormal(key, shape).mul(0.1), bias: np.full([outputs], 0.1) };
  }
  const [weightKey, biasKey] = splitKey(key, 2);
  const range = { minval: -1 / Math.sqrt(inputs), maxval: 1 / Math.sqrt(inputs) };
  return { weight: random.uniform(weightKey, shape, range), bias: random.uniform(biasKey, [outputs], range) };
}

/** Of this many normal numbers in a row, all are beyond two deviations once in 2^31 times; the last one is then cut there. */
const DRAWS = 7;

/** Normal numbers within two deviations: those beyond are drawn again. Consumes the key. */
function truncatedNormal(key: np.Array, shape: number[]): np.Array {
  return splitKey<number>(key, DRAWS)
    .map((drawKey) => random.normal(drawKey, shape))
    .reduceRight((next, drawn) => np.where(np.absolute(drawn.ref).greater(2), next, drawn), np.full(shape, 2));
}

/** `x weight^T + bias`, `[batch, inputs]` to `[batch, outputs]`. */
export function dense({ weight, bias }: Dense, x: np.Array): np.Array {
  return product(x, weight, bias);
}

/**
 * The next multiple of 4.
 *
 * Upstream: a product whose width is no multiple of 4 is computed number by number, 20 times as slowly.
 */
export function multipleOfFour(width: number): number {
  return 4 * Math.ceil(width / 4);
}
