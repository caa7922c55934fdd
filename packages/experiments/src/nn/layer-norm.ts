/**
 * Layer normalization: each vector by its own mean and variance.
 *
 * @module
 */

import { numpy as np } from "@jax-js/jax";

/** Both of shape `[width]`. */
export type LayerNorm = { scale: np.Array; offset: np.Array };

/** As in PyTorch: what keeps the deviation from 0. */
const EPSILON = 1e-5;

export function initLayerNorm(width: number): LayerNorm {
  return { scale: np.ones([width]), offset: np.zeros([width]) };
}

/**
 * `scale (x - mean) / sqrt(variance + 1e-5) + offset`, mean and (biased) variance along the last axis. Consumes both.
 *
 * Ba, Kiros, Hinton, "Layer Normalization", 2016.
 */
export function layerNorm({ scale, offset }: LayerNorm, x: np.Array): np.Array {
  const center = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const deviation = np.sqrt(np.mean(np.square(center.ref), -1, { keepdims: true }).add(EPSILON));
  return center.div(deviation).mul(scale).add(offset);
}
