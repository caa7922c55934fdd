/**
 * The task of the VAE contestants: the tutorial's settings. 784-512-256-300 encoder with ReLU also on the logits, 30
 * choices among 10, 300-256-512-784 decoder, Bernoulli likelihood, exact divergence, Adam, temperature 1.
 */

import { loadDigits } from "@softdraw/lab/data/digits";

export const PIXELS = 784;
export const VARIABLES = 30;
export const CLASSES = 10;
export const ENCODER = [PIXELS, 512, 256, VARIABLES * CLASSES];
export const DECODER = ENCODER.toReversed();

/** Outputs and inputs of every layer: encoder, then decoder. */
export const LAYERS = [ENCODER, DECODER].flatMap((sizes) =>
  sizes.slice(1).map((outputs, i) => [outputs, sizes[i]!] as const),
);

export const BATCH = 100;
export const LEARNING_RATE = 1e-3;

/**
 * A function that returns the embedded digits batch by batch, row major, each pixel in [0, 1]. It returns the same array
 * each time.
 *
 * @param share every how manyth batch, and the first of them: workers divide the digits among themselves
 */
export async function digitBatches(
  size: number,
  { stride = 1, first = 0 } = {},
): Promise<() => Float32Array<ArrayBuffer>> {
  const { images } = (await loadDigits()).train;
  const batch = new Float32Array(size * PIXELS);
  const batches = Math.floor(images.length / batch.length);
  let next = first;
  return () => {
    const start = (next % batches) * batch.length;
    for (let i = 0; i < batch.length; i++) batch[i] = images[start + i]! / 255;
    next += stride;
    return batch;
  };
}
