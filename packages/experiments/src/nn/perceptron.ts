/**
 * Several fully connected layers with ReLU between them.
 *
 * @module
 */

import { nn, type numpy as np } from "@jax-js/jax";
import { type Dense, dense, initDense } from "./dense.ts";
import { splitKey } from "./keys.ts";

export type Perceptron = Dense[];

/**
 * @param key PRNG key, consumed
 * @param sizes numbers of the input, of each hidden layer, and of the output
 */
export function initPerceptron(key: np.Array, sizes: readonly number[]): Perceptron {
  const keys = splitKey(key, sizes.length - 1);
  return keys.map((layerKey, i) => initDense(layerKey, sizes[i]!, sizes[i + 1]!, "fan-in"));
}

/** `[batch, inputs]` to `[batch, outputs]`; no ReLU behind the last layer. Consumes both. */
export function perceptron(layers: Perceptron, x: np.Array): np.Array {
  const [first, ...others] = layers as [Dense, ...Dense[]];
  return others.reduce((y, layer) => dense(layer, nn.relu(y)), dense(first, x));
}
