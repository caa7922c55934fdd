/** The state of a run, once its experiment has recognized it. */

import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment, Trained } from "@softdraw/experiments/experiment";
import type { Run } from "../runs/run.ts";
import { divergedError } from "./divergence.ts";

/**
 * The checkpoint of a run; undefined before the first.
 *
 * @throws Error that names the run, for a checkpoint that is damaged or another configuration's
 */
export async function readCheckpoint(
  run: Run,
  experiment: Experiment,
  config: BaseConfig,
  data: DatasetSplits,
): Promise<Checkpoint | undefined> {
  const checkpoint = await run.loadCheckpoint();
  try {
    experiment.check(config, { data, checkpoint });
  } catch (error) {
    throw new Error(`${run.path} cannot be used: ${(error as Error).message}`, { cause: error });
  }
  return checkpoint;
}

/** The model of a run, finished or not. */
export async function trainedModel(
  run: Run,
  experiment: Experiment,
  config: BaseConfig,
  data: DatasetSplits,
): Promise<Trained<BaseConfig>> {
  const checkpoint = await readCheckpoint(run, experiment, config, data);
  if (checkpoint) return { config, checkpoint };
  const divergence = await run.readDivergence();
  if (divergence) throw await divergedError(run, config, divergence);
  throw new Error(
    `${run.path} has no checkpoint yet: it was stopped before its first. Continue with: softdraw resume ${run.path}`,
  );
}
