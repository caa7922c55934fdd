/** Runs and experiments that a command is given by name. */

import { resolve } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { type BaseConfig, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { foreignText, printable } from "@softdraw/experiments/foreign-text";
import { problemOf } from "@softdraw/experiments/problems";
import { Option } from "commander";
import { WrongCall } from "../errors.ts";
import { openRun, type Run } from "../runs/run.ts";
import { readsFolder } from "../training/data.ts";
import { describeChange, reloadExperiment } from "../training/own-experiment.ts";
import { didYouMean } from "./suggestions.ts";

/** A run to look at. A folder that is none is the caller's mistake. */
export async function openRunToRead(path: string): Promise<Run> {
  return openRun(path, { lock: false }).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
}

/** The experiment and the configuration of a run, whatever version wrote it. */
export async function readRunConfig({ path, info }: Run): Promise<{ experiment: Experiment; config: BaseConfig }> {
  const experiment = info.module === undefined ? findExperiment(info.experiment) : await ownExperiment(path, info);
  const parsed = experiment.schema.safeParse(info.config);
  if (parsed.success) return { experiment: experimentFor(experiment, parsed.data), config: parsed.data };
  const problem = problemOf(parsed.error, info.config);
  throw new Error(`${path}/config.json: ${problem} (written by version ${foreignText(info.version)}).`);
}

/** The experiment of one's own that a run is of. That its module has changed since is said, and its checkpoint decides. */
async function ownExperiment(path: string, { experiment, module }: Run["info"]): Promise<Experiment> {
  const loaded = await reloadExperiment({ experiment, module: module! }).catch((error: Error) => {
    throw error instanceof WrongCall ? new WrongCall(`${path} is of a module: ${error.message}`) : error;
  });
  const change = describeChange(module!, loaded.module);
  if (change !== undefined) console.error(printable(`note: ${change}. It is taken as it is now.`));
  return loaded;
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
