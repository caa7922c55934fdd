/** Runs and experiments that a command is given by name. */

import { resolve } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { type BaseConfig, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { problemOf } from "@softdraw/experiments/problems";
import { Option } from "commander";
import { WrongCall } from "../errors.ts";
import { openRun, type Run } from "../runs/run.ts";
import { readsFolder } from "../training/data.ts";
import { didYouMean } from "./suggestions.ts";

/** A run to look at. A folder that is none is the caller's mistake. */
export async function openRunToRead(path: string): Promise<Run> {
  return openRun(path, { lock: false }).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
}

/** The experiment and the configuration of a run, whatever version wrote it. */
export function readRunConfig({ path, info }: Run): { experiment: Experiment; config: BaseConfig } {
  const experiment = findExperiment(info.experiment);
  const parsed = experiment.schema.safeParse(info.config);
  if (parsed.success) return { experiment: experimentFor(experiment, parsed.data), config: parsed.data };
  const problem = problemOf(parsed.error, info.config);
  throw new Error(`${path}/config.json: ${problem} (written by version ${foreignText(info.version)}).`);
}

/** Says where the data of a run is now. */
export function dataOption(): Option {
  return new Option("--data <path>", "where the run's data is now, the same bytes; default where it was");
}

/** The configuration with the data of the run at another path, if one is given. */
export function withDataAt(config: BaseConfig, path: string | undefined): BaseConfig {
  if (path === undefined) return config;
  if (readsFolder(config)) return { ...config, dataDir: resolve(path) };
  throw new WrongCall(`--data: the run has ${config.data ?? "generated"} data, which is at no path. Leave it out.`);
}

/** @throws WrongCall for a name that none has */
export function findExperiment(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  const names = experiments.map((experiment) => experiment.name);
  throw new WrongCall(
    `Unknown experiment "${foreignText(name)}", expected ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}
