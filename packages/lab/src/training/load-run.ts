/**
 * The trained model of a run folder, for programs.
 *
 * @module
 */

import { partsOf, type TrainedParts } from "@softdraw/experiments/trained";
import { CHECKPOINT } from "../runs/names.ts";
import { openRun } from "../runs/run.ts";

/**
 * The parts of the model that a run has trained so far, as functions. It keeps nothing open.
 *
 * @param path the run folder
 * @throws Error saying what was expected and what came, for a folder that is no run, one without a checkpoint, and an experiment
 * that has no such parts
 */
export async function loadRun(path: string): Promise<TrainedParts> {
  const checkpoint = await (await openRun(path, { lock: false })).loadCheckpoint();
  if (checkpoint === undefined)
    throw new Error(`${path}: expected a trained model, got a run without a checkpoint yet.`);
  return partsOf(checkpoint, `${path}/${CHECKPOINT}`);
}
