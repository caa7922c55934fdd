/** Small things that every training loop needs. */

import type { Dataset } from "../data/types.ts";
import type { Checkpoint } from "../runs/safetensors.ts";

/** Whole batches in an epoch; the images that do not fill one sit it out. */
export function stepsAnEpoch({ batch }: { batch: number }, train: Dataset): number {
  if (batch <= train.count) return Math.floor(train.count / batch);
  throw new RangeError(`batch must be at most the ${train.count} images of ${train.name}, got ${batch}.`);
}

/** The loss, unless training has failed: there is nothing to be had from going on then. */
export function finiteLoss(loss: number, epoch: number, step: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new Error(
    `The loss is ${loss} at epoch ${epoch}, step ${step}. A lower learningRate or a higher temperature may train.`,
  );
}

/** Where training is, as a checkpoint's metadata. */
export function positionMetadata<Position extends object>(experiment: string, position: Position) {
  return { experiment, position: JSON.stringify(position) };
}

/**
 * The position that `positionMetadata` wrote.
 *
 * @throws Error for a checkpoint of something else
 */
export function readPosition<Position extends object>(experiment: string, { metadata }: Checkpoint): Position {
  if (metadata.experiment === experiment && metadata.position !== undefined) return JSON.parse(metadata.position);
  throw new Error(
    `The checkpoint is of something else: expected the metadata experiment "${experiment}" and a position, ` +
      `got ${JSON.stringify(metadata)}.`,
  );
}
