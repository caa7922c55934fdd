/** Small things that every training loop needs. */

import { tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import type { Dataset } from "../data/types.ts";
import type { Parameters } from "../nn/adam.ts";
import { checkTensors } from "../nn/tensors.ts";

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

/**
 * Refuses a checkpoint that does not belong to a training.
 *
 * @param initial the state that the training begins with, consumed
 * @param position where the checkpoint says that it is
 * @throws Error saying what was expected and what came
 */
export function checkCheckpoint(
  { tensors }: Checkpoint,
  initial: Parameters,
  position: { epoch: number; step: number },
  { epochs, steps }: { epochs: number; steps: number },
): void {
  try {
    checkTensors(tensors, initial);
  } finally {
    tree.dispose(initial);
  }
  const { epoch, step } = position;
  if (epoch <= epochs && step <= steps) return;
  throw new RangeError(
    `The checkpoint is beyond the training: expected at most epoch ${epochs}, step ${steps}, got epoch ${epoch}, step ${step}.`,
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
