/** Epochs of a training on a data set: how many steps one has, and in which order it takes the examples. */

import { shuffledOrder } from "../data/batches.ts";
import type { Dataset } from "../data/types.ts";
import { streamKey } from "../nn/keys.ts";
import { streams } from "./streams.ts";

/** The order in which a training takes its examples in an epoch; it may have a second one beside it. */
export function epochOrder(
  seed: number,
  epoch: number,
  { count }: Pick<Dataset, "count">,
  stream: "order" | "secondOrder" = "order",
): Promise<Uint32Array> {
  return shuffledOrder(streamKey(seed, streams[stream] + epoch), count);
}

/** Whole batches in an epoch; the images that do not fill one sit it out. */
export function stepsAnEpoch({ batch }: { batch: number }, train: Dataset): number {
  if (batch <= train.count) return Math.floor(train.count / batch);
  throw new RangeError(`batch must be at most the ${train.count} images of ${train.name}, got ${batch}.`);
}
