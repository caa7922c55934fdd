/** Experiments of the reader's own in this thread: modules, whose code runs when they are taken. */

import type { Experiment, ModuleFile } from "@softdraw/experiments/experiment";
import { problemWithExperiment } from "@softdraw/experiments/own-experiment";
import { addExperiment } from "./catalog.ts";

/**
 * Takes the experiment that a module exports, once the engine has started.
 *
 * @returns its name
 * @throws Error in one sentence, for a module that does not run here, and for one that exports something else
 */
export async function takeExperiment(text: string, module: ModuleFile): Promise<string> {
  const { runModule, failureOf } = await import("../programs/run.ts");
  const refuse = (problem: string): never => {
    throw new Error(`${module.path}: ${problem}`);
  };
  const exports = await runModule(text, console).catch((error) => refuse(toldOf(failureOf(error))));
  const problem = problemWithExperiment(exports.default);
  if (problem !== undefined) return refuse(problem);
  const experiment = { ...(exports.default as Experiment), module };
  addExperiment(experiment);
  return experiment.name;
}

/** Throws what an experiment has thrown; of the reader's own with its place in the module. */
export async function throwFrom({ module }: Experiment, error: unknown): Promise<never> {
  if (module === undefined) throw error;
  const { failureOf } = await import("../programs/run.ts");
  throw new Error(`${module.path}: ${toldOf(failureOf(error))}`);
}

function toldOf({ message, line }: { readonly message: string; readonly line?: number | undefined }): string {
  return line === undefined ? message : `line ${line}: ${message}`;
}
