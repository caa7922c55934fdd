/** A run that diverges after some epochs keeps what was sound. */

import { jit, numpy as np } from "@jax-js/jax";
import { generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, EpochRecord, Experiment } from "@softdraw/experiments/experiment";
import { noBatches, run as runTraining } from "@softdraw/experiments/training/loop";
import { checkCheckpoint } from "@softdraw/experiments/training/position";
import { toy } from "@softdraw/testing/toy";
import { expect, test } from "vitest";
import { createRun, listRuns, openRun } from "../../src/runs/run.ts";
import { silentReporter } from "../../src/training/reporter.ts";
import { train } from "../../src/training/training.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";

const folder = useTemporaryFolder();

type State = { weight: np.Array };

/** The weight is multiplied by 10^10 at every step, of which an epoch has two, and is infinite after the fourth. */
const training = () => ({
  name: "growth",
  epochs: 5,
  steps: 2,
  examples: 1,
  begin: (): State => ({ weight: np.ones([2]) }),
  settingsAt: () => ({ temperature: 1 }),
  batchesOf: noBatches,
  update: jit(({ weight }: State) => ({ state: { weight: weight.mul(1e10) }, measured: np.zeros([]) })),
  measure: async (_: State, { epoch }: { epoch: number }): Promise<EpochRecord> => ({ epoch }),
});

const experiment: Experiment = {
  ...(toy as Experiment),
  check: (_, { checkpoint }) => checkpoint && checkCheckpoint(training(), checkpoint),
  run: (_, { checkpoint }) => runTraining(training(), checkpoint),
};

const config: BaseConfig & { learningRate: number } = { seed: 0, epochs: 5, learningRate: 0.5 };

async function begun(): Promise<string> {
  const created = new Date().toISOString();
  const run = await createRun(folder.path(), {
    ...{ experiment: "toy", version: "0.1.0", created, command: "" },
    config: { ...config },
  });
  await run.close();
  return run.path;
}

async function trainFrom(path: string, lastEpoch?: number): Promise<void> {
  const run = await openRun(path, { lock: true });
  try {
    const stop = new AbortController().signal;
    await train({ run, experiment, config, data: generated, reporter: silentReporter, stop }, lastEpoch);
  } finally {
    await run.close();
  }
}

test("keeps the last sound checkpoint and its records, says so, and does not train on", async () => {
  const path = await begun();
  const message =
    `${path} diverged: the state's weight is Infinity at epoch 2, step 2. ` +
    "Train again with a lower --learning-rate than 0.5. " +
    `Its last sound checkpoint is kept: ${path}/checkpoint.safetensors, after step 2 of epoch 1.`;
  const expected = new Error(message);
  await expect(trainFrom(path)).rejects.toThrow(expected);
  const run = await openRun(path, { lock: false });
  const [checkpoint, records] = [await run.loadCheckpoint(), await run.readMetrics()];
  expect(checkpoint?.tensors.weight?.data).toEqual(Float32Array.of(1e20, 1e20));
  expect(records).toEqual([{ epoch: 1 }]);
  expect(await run.readDivergence()).toEqual({ epoch: 2, step: 2, what: "the state's weight", value: "Infinity" });
  expect((await listRuns(folder.path())).runs).toMatchObject([{ state: "diverged", epochs: 1 }]);

  await expect(trainFrom(path)).rejects.toThrow(expected);
  expect(await run.loadCheckpoint()).toEqual(checkpoint);
  expect(await run.readMetrics()).toEqual(records);
});

test("is no concern of a training that stops before", async () => {
  const path = await begun();
  await trainFrom(path, 1);
  expect((await listRuns(folder.path())).runs).toMatchObject([{ state: "stopped", epochs: 1 }]);
});
