import type { BaseConfig, Trained } from "../experiments/experiment.ts";
import type { Run } from "../runs/run.ts";

/** The model of a run, finished or not. */
export async function trainedModel(run: Run, config: BaseConfig): Promise<Trained<BaseConfig>> {
  const checkpoint = await run.loadCheckpoint();
  if (checkpoint) return { config, checkpoint };
  throw new Error(
    `${run.path} has no checkpoint yet: it was stopped before its first. Continue with: softdraw resume ${run.path}`,
  );
}
