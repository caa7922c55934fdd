/** Trains a run, from its beginning or from its checkpoint: what `train`, `tour` and `resume` share. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment, Result, Trained } from "@softdraw/experiments/experiment";
import type { Report } from "@softdraw/experiments/report/html";
import { Diverged } from "@softdraw/experiments/training/divergence";
import packageJson from "../../package.json" with { type: "json" };
import { Interrupted } from "../errors.ts";
import { formatDuration } from "../report/numbers.ts";
import { createRun, type OpenRun, type RunInfo } from "../runs/run.ts";
import { trainCommand } from "./command.ts";
import { explainingDevice } from "./device-failure.ts";
import { divergedError } from "./divergence.ts";
import { usedDevice } from "./engine.ts";
import type { Reporter } from "./reporter.ts";
import { readCheckpoint } from "./trained.ts";

/** So much work at most is lost to a power cut; the state is also saved after every epoch. */
const SECONDS_BETWEEN_CHECKPOINTS = 60;

/** A run to train, of an experiment with that configuration, in a folder of its own. */
export async function beginRun(runsDir: string, family: Experiment, config: BaseConfig): Promise<OpenRun> {
  return createRun(runsDir, runInfo(family, config));
}

/** What a run that begins now says about itself. */
export function runInfo(family: Experiment, config: BaseConfig): RunInfo {
  const [command, created] = [trainCommand(family, config, usedDevice().device), new Date().toISOString()];
  return {
    experiment: family.name,
    ...(family.module !== undefined && { module: family.module }),
    version: packageJson.version,
    created,
    command,
    config: { ...config },
  };
}

/** What a training needs. `stop` asks it to save and end after the step it is at. */
interface Training {
  readonly run: OpenRun;
  readonly experiment: Experiment;
  readonly config: BaseConfig;
  readonly data: DatasetSplits;
  readonly reporter: Reporter;
  readonly stop: AbortSignal;
}

/** What a training ends with. */
export interface Finished {
  readonly results: readonly Result[];
  /** The report as it was written, and its path. */
  readonly report: Report;
  readonly path: string;
}

/**
 * Trains to the end, then writes the pictures, the report and the result.
 *
 * @throws Interrupted once the state is saved, after `stop` was asked for
 */
export async function trainRun(training: Training): Promise<Finished> {
  const { run, experiment, config, data, reporter } = training;
  const started = performance.now();
  const checkpoint = await train(training);
  reporter.say(`Trained in ${formatDuration((performance.now() - started) / 1000)}. Drawing the pictures.`);
  return explainingDevice(run, config, () => finish(run, experiment, { config, checkpoint }, data, reporter));
}

/**
 * Trains from where the run is, and leaves the pictures and the report out.
 *
 * @param lastEpoch where to stop, with the state saved; without it, the training goes to its end
 * @returns the state in the end
 * @throws Interrupted as `trainRun`; DeviceFailed where the device computes no more; Error for a training that diverges, and
 * for one that did
 */
export async function train(training: Training, lastEpoch = Number.POSITIVE_INFINITY): Promise<Checkpoint> {
  const { run, experiment, config, data } = training;
  // A checkpoint that cannot be resumed from is refused before the records after it are cut away.
  await readCheckpoint(run, experiment, config, data);
  // What diverged would diverge again: the same seed makes the same bytes.
  const divergence = await run.readDivergence();
  if (divergence) throw await divergedError(run, config, divergence);
  const checkpoint = await run.rewind();
  if (checkpoint && (await run.readMetrics()).length >= lastEpoch) return checkpoint;
  try {
    return await explainingDevice(run, config, () => trainOn(training, checkpoint, lastEpoch));
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    await run.writeDivergence(error);
    throw await divergedError(run, config, error);
  }
}

async function trainOn(
  { run, experiment, config, data, reporter, stop }: Training,
  checkpoint: Checkpoint | undefined,
  lastEpoch: number,
): Promise<Checkpoint> {
  let last = checkpoint;
  let saved = performance.now();
  let isNoted = false;
  for await (const event of experiment.run(config, { data, checkpoint })) {
    reporter.step(event);
    if (!isNoted) await noteDevice(run, event.epoch);
    isNoted = true;
    const due = performance.now() - saved > SECONDS_BETWEEN_CHECKPOINTS * 1000;
    // Before the record is written: a state that is refused leaves no record behind.
    const state = event.record || due || stop.aborted ? await event.checkpoint() : undefined;
    if (event.record) {
      await run.appendMetrics(event.record);
      reporter.epoch(event.record);
    }
    if (state) {
      await run.saveCheckpoint(state);
      [last, saved] = [state, performance.now()];
    }
    if (event.record && event.epoch >= lastEpoch) break;
    if (stop.aborted)
      throw new Interrupted(
        `Saved after step ${event.step} of epoch ${event.epoch}. Continue with: softdraw resume ${run.path}`,
      );
    // Signals and timers get their turn: with threads, a step may never leave the queue of promises.
    await nextTurn();
  }
  if (last === undefined) throw new Error(`${experiment.name} trained no step.`);
  return last;
}

/** Has the run say what trains it from an epoch on, where that is another device than before. */
async function noteDevice(run: OpenRun, epoch: number): Promise<void> {
  const { device, adapter } = usedDevice();
  const devices = await run.readDevices();
  const last = devices.at(-1);
  if (last?.device === device && last.adapter === adapter) return;
  await run.writeDevices([...devices, { device, ...(adapter !== undefined && { adapter }), epoch }]);
}

async function finish(
  run: OpenRun,
  experiment: Experiment,
  trained: Trained<BaseConfig>,
  data: DatasetSplits,
  reporter: Reporter,
): Promise<Finished> {
  const records = await run.readMetrics();
  const results = experiment.results(records);
  // Imported late, because what draws takes as long to load as all the rest.
  const { writeReport } = await import("./report.ts");
  const { report, path, text } = await writeReport(run, experiment, trained, data, records);
  await run.writeResult({ results });
  for (const line of text) reporter.say(line);
  reporter.results(results);
  reporter.say(`Report: ${path}`);
  reporter.record("finished", { run: run.path, report: path });
  return { results, report, path };
}
