/** The state of a run, once its experiment has recognized it. */

import { configurationIn } from "@softdraw/experiments/checkpoint/described";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment, Trained } from "@softdraw/experiments/experiment";
import type { Run } from "../runs/run.ts";
import { divergedError } from "./divergence.ts";

/**
 * The checkpoint of a run; undefined before the first.
 *
 * @throws Error that names the run, for a checkpoint that is damaged or another configuration's than the run says
 */
export async function readCheckpoint(
  run: Run,
  experiment: Experiment,
  config: BaseConfig,
  data: DatasetSplits,
): Promise<Checkpoint | undefined> {
  const checkpoint = await run.loadCheckpoint();
  try {
    if (checkpoint) checkSameConfiguration(run.info.config, checkpoint);
    experiment.check(config, { data, checkpoint });
  } catch (error) {
    throw new Error(`${run.path} cannot be used: ${(error as Error).message}`, { cause: error });
  }
  return checkpoint;
}

/** Fields that say where things are, and nothing of what was trained. */
const PLACES = ["dataDir"];

/**
 * Refuses a description of a run that says something else than its checkpoint. Not every change shows in the shapes of tensors: with
 * another one the model would be judged as what it is not.
 */
function checkSameConfiguration(described: Readonly<Record<string, unknown>>, checkpoint: Checkpoint): void {
  const trained = configurationIn(checkpoint) as Readonly<Record<string, unknown>> | undefined;
  if (trained === undefined) return;
  const names = new Set([...Object.keys(trained), ...Object.keys(described)]);
  for (const name of names) {
    const [now, then] = [described[name], trained[name]].map((value) => JSON.stringify(value) ?? "nothing");
    if (now === then || PLACES.includes(name)) continue;
    throw new Error(`config.json says ${name} ${now}, and the checkpoint was trained with ${then}`);
  }
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
