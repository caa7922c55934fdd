/** A trained model out of its run folder: as functions, and as the Python of its guide reads it. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generated } from "@softdraw/experiments/data/types";
import { sorting } from "@softdraw/experiments/sorting/index";
import { loadRun } from "@softdraw/lab/training/load-run";
import { silentReporter } from "@softdraw/lab/training/reporter";
import { beginRun, trainRun } from "@softdraw/lab/training/training";
import { afterAll, beforeAll, expect, test } from "vitest";

let [folder, path] = ["", ""];
const config = sorting.schema.parse({ n: 3, epochs: 1, steps: 5, batch: 4, relaxation: "softsort" });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-trained-"));
  const run = await beginRun(folder, sorting, config);
  const stop = new AbortController().signal;
  await trainRun({ run, experiment: sorting, config, data: generated, reporter: silentReporter, stop });
  await run.close();
  path = run.path;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a run folder gives the trained parts", async () => {
  const model = await loadRun(path);
  if (model.experiment !== "sort") throw new Error(`expected sort, got ${model.experiment}`);
  expect(model.scores).toBe(1);
  expect(await model.score(Float32Array.of(0.25, 0.5))).toHaveLength(2);
  model.dispose();
});

test("a run without a checkpoint, and a folder that is none, are refused", async () => {
  const run = await beginRun(folder, sorting, config);
  await run.close();
  await expect(loadRun(run.path)).rejects.toThrow(
    `${run.path}: expected a trained model, got a run without a checkpoint yet.`,
  );
  await expect(loadRun(join(folder, "none"))).rejects.toThrow("is not a run: no such folder");
});

const PYTHON = "/usr/bin/python3";
const hasNumpy = spawnSync(PYTHON, ["-c", "import numpy"]).status === 0;

test.skipIf(!hasNumpy)("the Python of the guide reads the same numbers", async () => {
  const guide = await readFile(new URL("../docs/trained-models.md", import.meta.url), "utf8");
  const [, program] = /```python\n(.*?)```/s.exec(guide)!;
  const score =
    "t = load(__import__('sys').argv[1])\n" +
    "hidden = numpy.maximum(t['model.hidden.weight'] @ [0.25] + t['model.hidden.bias'], 0)\n" +
    "print(*(t['model.output.weight'] @ hidden + t['model.output.bias']))\n";
  const printed = execFileSync(PYTHON, ["-c", program + score, join(path, "checkpoint.safetensors")], {
    encoding: "utf8",
  });
  const model = await loadRun(path);
  if (model.experiment !== "sort") throw new Error(`expected sort, got ${model.experiment}`);
  const [expected] = await model.score(Float32Array.of(0.25));
  model.dispose();
  expect(Number(printed)).toBeCloseTo(expected!, 5);
});
