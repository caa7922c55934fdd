/** What a process of the pool does: it trains one assignment at a time, tells of every epoch, and stops when it is asked to. */

import type { Experiment, ModuleFile } from "@softdraw/experiments/experiment";
import { Interrupted } from "../errors.ts";
import { DeviceFailed } from "../training/device-failure.ts";
import { useDevice } from "../training/engine.ts";
import type { PoolTask } from "./pool.ts";
import type { Assignment } from "./sweep.ts";
import { trainTrial } from "./trial.ts";

export const STOP = "stop";

/** What the pool calls with a task. Its promise is true unless the task was stopped. */
export function answer(experiments: readonly Experiment[]): (task: PoolTask) => Promise<boolean> {
  let stop = new AbortController();
  // A terminal sends Ctrl-C to all processes, and tells all when it is closed. Those of the pool end when the process that
  // started them says so, or ends.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    if (message === STOP) stop.abort();
  });
  return async ({ assignment, folder, device, module }) => {
    stop = new AbortController();
    await useDevice(device);
    try {
      const known = module === undefined ? experiments : [await unchanged(module, assignment)];
      const onEpoch = (record: object) => void process.send?.({ record });
      await trainTrial(assignment, { experiments: known, folder, stop: stop.signal, onEpoch });
      return true;
    } catch (error) {
      if (error instanceof Interrupted) return false;
      // Whatever else this process trained would fail, too. The pool makes another one in its place.
      if (error instanceof DeviceFailed) return endProcess(error.message);
      throw error;
    }
  };
}

/** Trials of a module that has changed meanwhile would not be comparable. */
async function unchanged(module: ModuleFile, { experiment }: Assignment): Promise<Experiment> {
  // Imported late: most sweeps are of an experiment of the list.
  const { describeChange, reloadExperiment } = await import("../training/own-experiment.ts");
  const loaded = await reloadExperiment({ module, experiment });
  const change = describeChange(module, loaded.module);
  if (change === undefined) return loaded;
  throw new Error(`${change}, and the sweep began before.`);
}

/** Says why, and ends: the pool takes that for the task's failure, and hears no more of it. */
function endProcess(failure: string): Promise<never> {
  if (process.send) process.send({ failure }, () => process.exit(1));
  else process.exit(1);
  return new Promise(() => {});
}
