/** Images of black and white, drawn from grey ones: a pixel is ink with the probability that its grey says. */

import { numpy as np, random } from "@jax-js/jax";
import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import type { Dataset, DatasetSplits } from "./types.ts";

type Part = Exclude<keyof DatasetSplits, "name">;

/** Of every data set that is in use, by the bytes of its images. */
const binarized = new WeakMap<Uint8Array, Promise<Dataset>>();

/**
 * The data set with every pixel drawn once: 255 with probability byte / 255, to within 2^-32, and 0 otherwise. It is the
 * same in all trainings, whatever their seed.
 *
 * @param part whether it is the training or the test set: their draws are independent
 */
export function binarizedDataset(dataset: Dataset, part: Part): Promise<Dataset> {
  const drawing = binarized.get(dataset.images) ?? drawPixels(dataset, part);
  binarized.set(dataset.images, drawing);
  return drawing;
}

/** Pixels that are drawn at once, which bounds the memory. */
const PIXELS_AT_ONCE = 2 ** 20;

/** Of the streams of both parts. */
const SEED = 0;

const FIRST_STREAMS = { train: streams.binarizing, test: streams.binarizing + 2 ** 29 } as const;

async function drawPixels(dataset: Dataset, part: Part): Promise<Dataset> {
  const images = new Uint8Array(dataset.images.length);
  for (let first = 0; first < images.length; first += PIXELS_AT_ONCE) {
    const size = Math.min(PIXELS_AT_ONCE, images.length - first);
    const key = streamKey(SEED, FIRST_STREAMS[part] + first / PIXELS_AT_ONCE);
    const bits = await random.bits(key, [size]).data();
    for (let i = 0; i < size; i++) {
      if (bits[i]! * 255 < dataset.images[first + i]! * 2 ** 32) images[first + i] = 255;
    }
  }
  return { ...dataset, images };
}

/**
 * Each pixel drawn as 1 with the probability that it is, and 0 otherwise: for use inside a jitted step.
 *
 * @param key PRNG key, consumed
 * @param images from 0 to 1, any shape, consumed
 */
export function drawnPixels(key: np.Array, images: np.Array): np.Array {
  return random.uniform(key, images.shape).less(images).astype(np.float32);
}
