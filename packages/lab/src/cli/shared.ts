/** What several commands share: their common options, and what a run needs to go on. */

import { experiments } from "@softdraw/experiments/all";
import { leaveOut } from "@softdraw/experiments/data/folds";
import { type DatasetSplits, generated } from "@softdraw/experiments/data/types";
import { type BaseConfig, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { type Command, Option } from "commander";
import { loadDataset } from "../data/datasets.ts";
import { openRun, type Run } from "../runs/run.ts";
import { type Device, devices, MOST_THREADS, useDevice } from "./engine.ts";
import { didYouMean, EXIT, WrongCall } from "./errors.ts";
import { wholeNumber } from "./options.ts";
import { jsonReporter, type Reporter, textReporter } from "./output.ts";

export const RUNS_FOLDER = "runs";

export interface CommonOptions {
  readonly json?: boolean;
  readonly device: Device;
}

/** The options of every command that computes. */
export function addCommonOptions(command: Command): Command {
  return command
    .addOption(new Option("--device <name>", "the engine's device").choices(devices).default("wasm"))
    .addOption(
      new Option(
        "--threads <number>",
        "threads of the wasm device, default the cores up to 4; results do not depend on it",
      ).argParser(wholeNumber(1, MOST_THREADS)),
    )
    .option("--json", "print one JSON record a line");
}

/** Sets the device, and returns what the command prints with. */
export async function begin(options: CommonOptions, experiment?: Experiment): Promise<Reporter> {
  await useDevice(options.device);
  if (options.json) return jsonReporter(process.stdout);
  return textReporter(experiment?.columns ?? [], process.stdout, process.stderr.isTTY === true);
}

/** The experiment and the configuration of a run, whatever version wrote it. */
export function readRunConfig({ path, info }: Run): { experiment: Experiment; config: BaseConfig } {
  const experiment = findExperiment(info.experiment);
  const parsed = experiment.schema.safeParse(info.config);
  if (parsed.success) return { experiment: experimentFor(experiment, parsed.data), config: parsed.data };
  const [issue] = parsed.error.issues;
  throw new Error(
    `${path}/config.json: ${issue!.path.join(".")}: ${issue!.message} (written by version ${info.version}).`,
  );
}

/** A run to look at. A folder that is none is the caller's mistake. */
export async function openRunToRead(path: string): Promise<Run> {
  return openRun(path, { lock: false }).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
}

export async function loadData(config: BaseConfig, reporter: Reporter): Promise<DatasetSplits> {
  if (config.data === undefined) return generated;
  let announced = "";
  const onProgress = (file: string, received: number, total: number | undefined) => {
    if (file !== announced) reporter.say(`Downloading ${file}.`);
    announced = file;
    if (total !== undefined) reporter.progress(received, total);
  };
  const data = await loadDataset(config.data, { dataDir: config.dataDir, onProgress });
  return config.fold === undefined ? data : leaveOut(data, config.fold);
}

/** Aborted by the first Ctrl-C (or SIGTERM); the second ends the program at once. */
export function stopOnSignal(reporter: Reporter): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    reporter.say("Stopping after this step. Once more stops at once.");
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

/** @throws WrongCall for a name that none has */
export function findExperiment(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  const names = experiments.map((experiment) => experiment.name);
  throw new WrongCall(`Unknown experiment "${name}", expected ${names.join(", ")}.${didYouMean(name, names)}`);
}
