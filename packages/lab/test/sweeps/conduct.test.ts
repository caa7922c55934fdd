import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Experiment } from "@softdraw/experiments/experiment";
import { exactMeasure, toy } from "@softdraw/testing/toy";
import { TOY_WORKER } from "@softdraw/testing/toy-sweep";
import { afterEach, expect, test } from "vitest";
import { Interrupted } from "../../src/errors.ts";
import { openRun } from "../../src/runs/run.ts";
import { conduct, readOutcomes, TRIALS } from "../../src/sweeps/conduct.ts";
import type { Executor } from "../../src/sweeps/executor.ts";
import type { Values } from "../../src/sweeps/parameters.ts";
import { poolExecutor } from "../../src/sweeps/pool.ts";
import { strategyOf } from "../../src/sweeps/strategy.ts";
import { summarize } from "../../src/sweeps/summary.ts";
import { combinationsOf, type SweepDefinition, trialsOf } from "../../src/sweeps/sweep.ts";
import { trainTrial, trialName } from "../../src/sweeps/trial.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";

const folder = useTemporaryFolder();
const experiment = toy as unknown as Experiment;

const open: Executor[] = [];
afterEach(async () => {
  for (const executor of open.splice(0)) await executor.close();
});

const definition: SweepDefinition = {
  experiment: "toy",
  version: "0.1.0",
  created: "2026-01-31T00:00:00.000Z",
  command: "",
  folds: 0,
  seeds: 2,
  config: { seed: 0, epochs: 4 },
  parameters: [{ name: "temperature", values: [0.5, 1, 3] }],
};

async function pooled(at: string, workers = 2): Promise<Executor> {
  await mkdir(at, { recursive: true });
  const executor = poolExecutor({ workers, folder: join(at, TRIALS), device: "cpu", threads: 1, worker: TOY_WORKER });
  open.push(executor);
  return executor;
}

/** As the pool's, in this process. */
function here(at: string): Executor {
  const { signal } = new AbortController();
  const context = { experiments: [experiment], folder: join(at, TRIALS), stop: signal };
  return {
    capacity: 1,
    run: (assignment, onEpoch) => trainTrial(assignment, { ...context, onEpoch }),
    stop() {},
    close: async () => {},
  };
}

async function take(
  at: string,
  executor: Executor,
  changes: Partial<SweepDefinition> = {},
  stopAfter = Number.POSITIVE_INFINITY,
) {
  await mkdir(at, { recursive: true });
  const sweep = { ...definition, ...changes };
  const trials = trialsOf(sweep, await combinationsOf(sweep), experiment);
  const stop = new AbortController();
  let epochs = 0;
  const onEpoch = () => {
    if (++epochs === stopAfter) stop.abort();
  };
  const { objectives } = experiment;
  const strategy = strategyOf(sweep, trials, objectives.discrete.goal);
  await conduct({ folder: at, strategy, executor, objectives, stop: stop.signal, onEpoch });
  return { trials, outcomes: await readOutcomes(at) };
}

/** What must not depend on where or how often a trial was trained. */
async function bytesOf(at: string, trial: number): Promise<string[]> {
  const files = ["metrics.jsonl", "checkpoint.safetensors"];
  const bytes = await Promise.all(files.map((name) => readFile(join(at, TRIALS, trialName(trial), name))));
  return bytes.map((content) => createHash("sha256").update(content).digest("hex"));
}

test("the pool's trials have the bytes of those trained one after the other in one process", async () => {
  const [alone, pool] = [folder.path("alone"), folder.path("pool")];
  const { trials, outcomes } = await take(alone, here(alone));
  const other = await take(pool, await pooled(pool));
  const sorted = (list: typeof outcomes) => list.toSorted((a, b) => a.trial - b.trial);
  expect(sorted(other.outcomes)).toEqual(sorted(outcomes));
  expect(outcomes.map(({ discrete }) => discrete)).toEqual(
    trials.map(({ config }) => exactMeasure(config as never, 4)),
  );
  for (const { number } of trials) expect(await bytesOf(pool, number)).toEqual(await bytesOf(alone, number));
  const run = await openRun(join(pool, TRIALS, trialName(1)), { lock: false });
  expect(await run.readResult()).toMatchObject({ results: [{ name: "exact" }] });
});

test("a trial whose process dies goes on from its checkpoint; one that fails twice is reported, and the rest is trained", async () => {
  const at = folder.path("failing");
  const parameters = [{ name: "failure", values: ["none", "throw", "exit", "exit-once", "device"] }];
  const { outcomes, trials } = await take(at, await pooled(at), { parameters, seeds: 1 });
  const byFailure = new Map(outcomes.map((outcome) => [trials[outcome.trial - 1]!.values.failure, outcome]));
  expect(byFailure.get("none")).toMatchObject({ state: "done" });
  expect(byFailure.get("throw")).toMatchObject({ state: "failed", error: "The toy broke." });
  expect(byFailure.get("exit")).toMatchObject({ state: "failed", error: expect.stringContaining("exited") });
  expect(byFailure.get("exit-once")).toMatchObject({
    state: "done",
    discrete: exactMeasure({ temperature: 1, seed: 0 }, 4),
  });
  // It goes on in another process, because nothing can be computed any more in one whose device has failed.
  expect(byFailure.get("device")).toMatchObject({ state: "done" });
  expect(outcomes.length).toBe(5);

  const summary = await summarize(at, trials, outcomes, experiment);
  expect(summary.winner?.values).toEqual({ failure: "none" });
  expect(summary.standings.filter(({ failed }) => failed > 0).every(({ discrete }) => discrete === undefined)).toBe(
    true,
  );
});

test("stopped while it trains, a sweep saves all, and goes on to the same bytes with every outcome once", async () => {
  const [whole, stopped] = [folder.path("whole"), folder.path("stopped")];
  const slow = { config: { seed: 0, epochs: 4, delay: 20 } };
  const { trials } = await take(whole, here(whole), slow);
  const executor = await pooled(stopped);
  await expect(take(stopped, executor, slow, 5)).rejects.toThrow(Interrupted);
  await executor.close();
  const before = await readOutcomes(stopped);
  expect(before.length).toBeLessThan(trials.length);
  const { outcomes } = await take(stopped, await pooled(stopped), slow);
  expect(outcomes.slice(0, before.length)).toEqual(before);
  expect(outcomes.map(({ trial }) => trial).toSorted((a, b) => a - b)).toEqual(trials.map(({ number }) => number));
  for (const { number } of trials) expect(await bytesOf(stopped, number)).toEqual(await bytesOf(whole, number));
});

test("what a kill left of a folder and of a record does not matter", async () => {
  const at = folder.path("torn");
  await mkdir(join(at, TRIALS, trialName(1)), { recursive: true });
  await writeFile(join(at, "outcomes.jsonl"), `{"trial":1,"sta`);
  const { outcomes } = await take(at, here(at), { seeds: 1 });
  expect(outcomes.map(({ trial }) => trial)).toEqual([1, 2, 3]);
});

test("early ended trials are trained on from where they were, and the summary compares at equal epochs", async () => {
  const at = folder.path("halving");
  const halving = { reduction: 2, firstEpochs: 1 };
  const values: Values[string][] = [4, 0.25, 1, 2];
  const { trials, outcomes } = await take(at, await pooled(at), {
    halving,
    seeds: 1,
    parameters: [{ name: "temperature", values }],
  });
  const { winner, byRelaxed, standings } = await summarize(at, trials, outcomes, experiment);
  expect(winner).toMatchObject({ values: { temperature: 1 }, whole: true, epochs: 4 });
  expect(winner!.curve.map(({ y }) => y)).toEqual(
    [1, 2, 3, 4].map((epoch) => exactMeasure({ temperature: 1, seed: 0 }, epoch)),
  );
  expect(standings.at(-1)).toMatchObject({ whole: false, epochs: 1 });
  expect(byRelaxed?.whole).toBe(true);
});

/** t(0.975) with 2 degrees of freedom is 4.3027 (any table of Student's t); the deviation of 0, 0.01, 0.02 is 0.01. */
test("the interval of three seeds is Student's", async () => {
  const at = folder.path("interval");
  const { trials, outcomes } = await take(at, here(at), {
    seeds: 3,
    parameters: [{ name: "temperature", values: [1, 10] }],
  });
  const { winner, byRelaxed } = await summarize(at, trials, outcomes, experiment);
  expect(winner!.values).toEqual({ temperature: 1 });
  expect(byRelaxed!.values).toEqual({ temperature: 10 });
  expect(winner!.discrete!.mean).toBeCloseTo(0.26, 12);
  expect(winner!.discrete!.halfWidth).toBeCloseTo((4.3027 * 0.01) / Math.sqrt(3), 5);
});
