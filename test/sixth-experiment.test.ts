/** An experiment more is a file like this folder's and a row in a list: everything else follows. */

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { type Checkpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { Interrupted } from "@softdraw/lab/errors";
import { openRun } from "@softdraw/lab/runs/run";
import { type Reporter, silentReporter } from "@softdraw/lab/training/reporter";
import { beginRun, trainRun } from "@softdraw/lab/training/training";
import { describeExperiments } from "@softdraw/studio/lab/catalog";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cheapest } from "./sixth-experiment/cheapest.ts";

const experiment: Experiment = cheapest;
const STEPS = 20;
const config: BaseConfig = experiment.schema.parse({ seed: 3 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-sixth-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const digest = (checkpoint: Checkpoint) => createHash("sha256").update(encodeCheckpoint(checkpoint)).digest("hex");

/** The losses of a training, and its state after each step. */
async function train(from?: Checkpoint) {
  const [losses, checkpoints]: [number[], Checkpoint[]] = [[], []];
  for await (const event of experiment.run(config, { data: generated, checkpoint: from })) {
    losses.push(event.loss);
    checkpoints.push(await event.checkpoint());
  }
  return { losses, checkpoints };
}

test("it learns, and goes on from the middle of an epoch to the same bits", async () => {
  const { losses, checkpoints } = await train();
  expect(losses).toHaveLength(2 * STEPS);
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  const resumed = await train(checkpoints[STEPS + 6]);
  expect(resumed.losses).toEqual(losses.slice(STEPS + 7));
  expect(digest(resumed.checkpoints.at(-1)!)).toBe(digest(checkpoints.at(-1)!));
});

test("a checkpoint of another configuration is refused", async () => {
  const { checkpoints } = await train();
  const check = () => experiment.check(Object.assign({}, config, { n: 5 }), { data: generated, checkpoint: checkpoints[0] });
  expect(check).toThrow("The checkpoint's tensor model.logits: expected shape [5], got [4].");
});

test("it is a run that is stopped, resumed and reported like any other", async () => {
  const stop = new AbortController();
  const stopping: Reporter = {
    ...silentReporter,
    step({ epoch, step }) {
      if (epoch === 2 && step === 4) stop.abort();
    },
  };
  const run = await beginRun(folder, experiment, config);
  const training = { run, experiment, config, data: generated };
  await expect(trainRun({ ...training, reporter: stopping, stop: stop.signal })).rejects.toThrow(Interrupted);
  const { results, path } = await trainRun({
    ...training,
    reporter: silentReporter,
    stop: new AbortController().signal,
  });
  await run.close();
  expect(results.map(({ name, unit }) => [name, unit])).toEqual([["right", "%"]]);
  expect(results[0]!.value).toBeGreaterThan(60);
  const report = await readFile(path, "utf8");
  for (const text of ["The cheapest", "softdraw train cheapest --seed 3", "draws/s", "The law"]) {
    expect(report).toContain(text);
  }
  const whole = await train();
  const stored = await (await openRun(run.path, { lock: false })).loadCheckpoint();
  expect(stored!.tensors).toEqual(whole.checkpoints.at(-1)!.tensors);
});

test("a row in the list puts it into the page's", () => {
  const described = describeExperiments([...experiments, experiment]);
  expect(described.slice(0, -1)).toEqual(describeExperiments());
  expect(described.at(-1)).toMatchObject({ name: "cheapest", title: "The cheapest" });
  expect(Object.keys(described.at(-1)!.fields)).toEqual(Object.keys(config).filter((field) => field !== "task"));
});
