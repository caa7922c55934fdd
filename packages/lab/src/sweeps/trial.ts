/** Trains a trial in a run folder: what every worker does, wherever it is. */

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import { type BaseConfig, type EpochRecord, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { unlessMissing } from "../runs/files.ts";
import { createRun, type OpenRun, openRun } from "../runs/run.ts";
import { loadData } from "../training/data.ts";
import { silentReporter } from "../training/reporter.ts";
import { runInfo, train } from "../training/training.ts";
import type { Assignment } from "./sweep.ts";

/** What a trial is trained with, besides its assignment. */
export interface TrialContext {
  /** The experiments there are. */
  readonly experiments: readonly Experiment[];
  /** The folder of the trials' run folders. */
  readonly folder: string;
  readonly stop: AbortSignal;
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
}

/**
 * Trains until the assignment's epoch, from the last checkpoint in the run folder if there is one.
 *
 * @throws Interrupted once the state is saved, after `stop` was asked for; Error for whatever else ends a training
 */
export async function trainTrial(assignment: Assignment, context: TrialContext): Promise<void> {
  const { config, epochs } = assignment;
  const family = findAmong(context.experiments, assignment.experiment);
  const experiment = experimentFor(family, config);
  const data = await dataOf(config);
  const run = await openTrial(context.folder, assignment, family);
  try {
    const epoch = (record: EpochRecord) => void context.onEpoch?.(record);
    const reporter = { ...silentReporter, epoch };
    await train({ run, experiment, config, data, reporter, stop: context.stop }, epochs);
    if (epochs === undefined) await finishTrial(run, experiment);
  } finally {
    await run.close();
  }
}

/** Marks a trial that is trained to its end. */
export async function finishTrial(run: OpenRun, experiment: Experiment): Promise<void> {
  await run.writeResult({ results: experiment.results(await run.readMetrics()) });
}

/** A trial's run folder, of those in the folder of trials. */
export function trialName(trial: number): string {
  return String(trial).padStart(5, "0");
}

/** A trial's run to write to, begun if need be. */
export async function openTrial(folder: string, { trial, config }: Assignment, family: Experiment): Promise<OpenRun> {
  const path = join(folder, trialName(trial));
  if (await unlessMissing(stat(join(path, "config.json")))) return openRun(path, { lock: true });
  // Without its description, a folder is what is left of a process that was killed before it had begun.
  await rm(path, { recursive: true, force: true });
  return createRun(folder, runInfo(family, config), trialName(trial));
}

/** The last data set of this process: one trial after the other has the same. */
let loaded: { key: string; data: DatasetSplits } | undefined;

async function dataOf(config: BaseConfig): Promise<DatasetSplits> {
  const { data, dataDir, size, grey, testShare, fold } = config;
  const key = JSON.stringify([data, dataDir, size, grey, testShare, fold]);
  if (loaded?.key !== key) loaded = { key, data: await loadData(config, silentReporter) };
  return loaded.data;
}

/** Throws for a name that none has. */
export function findAmong(experiments: readonly Experiment[], name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  throw new Error(
    `There is no experiment "${foreignText(name)}", expected ${experiments.map(({ name }) => name).join(", ")}.`,
  );
}
