import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { expect, test } from "vitest";
import { createRun, openRun } from "../../src/runs/run.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";
import { checkpointAt, recordAt, train } from "./toy-training.ts";

const ROUNDS = 10;
const folder = useTemporaryFolder();
const toyTraining = new URL("./toy-training.ts", import.meta.url);

const metricsAt = (step: number) =>
  Array.from({ length: step }, (_, index) => `${JSON.stringify(recordAt(index + 1))}\n`).join("");

/** The step that a training in `path` resumes from, when it is killed `milliseconds` after that. */
async function trainAndKill(path: string, milliseconds: number): Promise<number> {
  const script = `
    import { train } from ${JSON.stringify(toyTraining.href)};
    await train(${JSON.stringify(path)}, Infinity, (step) => console.log(step));
  `;
  const child = spawn(process.execPath, [...RUN_SOURCES, "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const [output] = await Promise.race([once(child.stdout, "data"), exit]);
  await sleep(milliseconds);
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
  return Number(String(output));
}

/** The last whole step of the run, after checking that its checkpoint is exactly that of the step. */
async function lastStep(path: string): Promise<number> {
  const run = await openRun(path, { lock: false });
  const checkpoint = await run.loadCheckpoint();
  if (checkpoint === undefined) return 0;
  const step = Number(checkpoint.metadata.step);
  const { tensors, metadata } = checkpointAt(step);
  expect(checkpoint.metadata).toMatchObject({ ...metadata, metrics_records: `${step}` });
  const whole = encodeCheckpoint({ tensors, metadata: checkpoint.metadata });
  expect(Buffer.compare(await readFile(join(path, "checkpoint.safetensors")), whole)).toBe(0);
  return step;
}

test("a run killed at any moment keeps its last whole state, and resumes from it to the same bytes", async () => {
  const run = await createRun(folder.path(), {
    experiment: "toy",
    version: "0.0.0",
    created: new Date().toISOString(),
    command: "",
    config: {},
  });
  await run.close();
  const { path } = run;
  let step = 0;
  for (let round = 0; round < ROUNDS; round++) {
    expect(await trainAndKill(path, 100 * Math.random())).toBe(step);
    const reached = await lastStep(path);
    expect(reached).toBeGreaterThanOrEqual(step);
    step = reached;
    // A kill may come before the first record.
    const metrics = step > 0 ? await readFile(join(path, "metrics.jsonl"), "utf8") : "";
    expect(metrics.startsWith(metricsAt(step))).toBe(true);
  }
  expect(step).toBeGreaterThan(0);
  await train(path, step + 2);
  expect(await lastStep(path)).toBe(step + 2);
  expect(await readFile(join(path, "metrics.jsonl"), "utf8")).toBe(metricsAt(step + 2));
});
