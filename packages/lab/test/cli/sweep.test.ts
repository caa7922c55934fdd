import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { takeLock } from "../../src/runs/lock.ts";
import { bytesOf, call, records, softdraw, start, useFolder } from "./support.ts";

const folder = useFolder();

/** Trials of a second or two: two combinations, each with two seeds, on the digits in the folder. */
const sweep = (...more: string[]) => [
  ...["sweep", "vae", "--data", "mnist", "--data-dir", folder.path(), "--batch", "40", "--variables", "4"],
  ...[
    "--network",
    "linear",
    "--epochs",
    "3",
    "--schedule",
    "constant",
    "--set",
    "temperature=0.3,3",
    "--seeds",
    "2",
    "--json",
    ...more,
  ],
];

/** Where what is asked does not depend on how many there are: each loads an engine and compiles the same. */
const ONE_PROCESS = ["--workers", "1"];

/** Milliseconds for processes that each load an engine, on a busy machine. */
const TIMEOUT = 300_000;

async function onlySweep(home: string): Promise<string> {
  const [name, ...others] = await readdir(join(home, "sweeps"));
  expect(others).toEqual([]);
  return join(home, "sweeps", name!);
}

const TRIALS = ["00001", "00002", "00003", "00004"];

let whole: { home: string; at: string; lines: Record<string, unknown>[] };

beforeAll(async () => {
  const home = await folder.fresh();
  const { code, out, err } = await softdraw(home, ...sweep());
  expect({ code, err }).toEqual({ code: 0, err: "" });
  whole = { home, at: await onlySweep(home), lines: records(out) };
}, TIMEOUT);

test("every combination is trained with every seed, and the one of the best mean wins", async () => {
  const { at, lines } = whole;
  expect(lines[0]).toMatchObject({ type: "sweep", trials: 4 });
  const outcomes = lines.filter(({ type }) => type === "outcome");
  expect(outcomes.map(({ trial }) => trial).sort()).toEqual([1, 2, 3, 4]);
  const means = new Map<unknown, number>();
  for (const { values, discrete } of outcomes) {
    const { temperature } = values as { temperature: number };
    means.set(temperature, (means.get(temperature) ?? 0) + Number(discrete) / 2);
  }
  const [best] = Array.from(means).toSorted(([, a], [, b]) => a - b)[0]!;
  expect(lines.find(({ type }) => type === "winner")).toMatchObject({ values: { temperature: best } });

  const winner = JSON.parse(await readFile(join(at, "winner", "config.json"), "utf8"));
  expect(winner.config).toMatchObject({ temperature: best, seed: 0 });
  expect(winner.config).not.toHaveProperty("fold");
  expect(await readdir(join(at, "winner"))).toContain("report.html");

  const page = await readFile(join(at, "sweep.html"), "utf8");
  for (const text of [`temperature ${best}`, "held out", "relaxed", "temperature (log scale)", "--set "]) {
    expect(page).toContain(text);
  }
});

test("a trial is a run as train makes it, on all but the last sixth", { timeout: TIMEOUT }, async () => {
  const { home, at } = whole;
  const listed = await call(home, "runs", "--runs-dir", join(at, "trials"), "--json");
  expect(records(listed.out)).toMatchObject(Array(4).fill({ state: "finished", config: { fold: "6/6" } }));
  const trial = join(at, "trials", TRIALS[2]!);
  const { command } = JSON.parse(await readFile(join(trial, "config.json"), "utf8"));
  await softdraw(home, ...command.split(" ").slice(1), "--threads", "2");
  const [alone] = await readdir(join(home, "runs"));
  expect(await bytesOf(join(home, "runs", alone!))).toEqual(await bytesOf(trial));
  expect((await call(home, "eval", trial, "--importance-samples", "2")).code).toBe(0);
});

/** A sweep that got a signal after the first of its trials. */
async function stoppedBy(signal: "SIGINT" | "SIGKILL") {
  const home = await folder.fresh();
  const { child, finished, output } = start(home, ...sweep("--no-winner", "--workers", "2"));
  await output('"type":"outcome"');
  const at = await onlySweep(home);
  child.kill(signal);
  const { code, err } = await finished;
  return { home, at, name: at.slice(home.length + 1), code, err };
}

test("SIGINT: it says how to go on", { timeout: TIMEOUT }, async () => {
  const { at, name, code, err } = await stoppedBy("SIGINT");
  expect({ code, err }).toEqual({ code: 130, err: `Stopped. Continue with: softdraw sweep --resume ${name}\n` });
  expect(await readdir(at)).not.toContain("lock");
});

test("SIGKILL: --resume goes on to the bytes of the undisturbed sweep", { timeout: TIMEOUT }, async () => {
  const { home, at, name } = await stoppedBy("SIGKILL");
  const resumed = await softdraw(home, "sweep", "--resume", name, "--json", "--no-winner", ...ONE_PROCESS);
  expect({ code: resumed.code, err: resumed.err }).toEqual({ code: 0, err: "" });
  const outcomes = records(await readFile(join(at, "outcomes.jsonl"), "utf8"));
  expect(outcomes.map(({ trial }) => trial).sort()).toEqual([1, 2, 3, 4]);
  expect((await readdir(join(at, "trials"))).sort()).toEqual(TRIALS);
  await expect(stat(join(at, "winner"))).rejects.toThrow("ENOENT");
  for (const trial of TRIALS) {
    expect(await bytesOf(join(at, "trials", trial))).toEqual(await bytesOf(join(whole.at, "trials", trial)));
  }
});

test("a sweep that another process works on is left alone", { timeout: TIMEOUT }, async () => {
  const { home, at } = whole;
  const release = await takeLock(join(at, "lock"));
  const { code, err } = await call(home, "sweep", "--resume", at.slice(home.length + 1));
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/is in use by process \d+/) });
  await release();
});

/** Some rows of the table of docs/categorical-vae.md: with as many images decoded, on the host too, and by few options of their own. */
const ESTIMATORS = ["score-function/1/3", "rebar/0.5/1", "imle/1/3"];

test("--test compares fixed configurations on the test set, options varied together", {
  timeout: TIMEOUT,
}, async () => {
  const home = await folder.fresh();
  const { code, out, err } = await softdraw(
    home,
    ...["sweep", "vae", "--preset", "comparison", "--data", "mnist", "--data-dir", folder.path(), "--epochs", "1"],
    ...["--batch", "40", "--variables", "4", "--network", "linear", "--baseline", "leave-one-out", "--test", "--json"],
    ...ONE_PROCESS,
    ...["--set", `estimator/temperature/samples=${ESTIMATORS.join(",")}`],
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = records(out);
  const outcomes = lines.filter(({ type }) => type === "outcome");
  expect(outcomes).toHaveLength(ESTIMATORS.length);
  for (const { state, discrete } of outcomes) {
    expect(state).toBe("done");
    expect(discrete).toBeGreaterThan(0);
  }
  const at = await onlySweep(home);
  expect(await readdir(at)).not.toContain("winner");
  const { config } = JSON.parse(await readFile(join(at, "trials", "00002", "config.json"), "utf8"));
  expect(config).toMatchObject({ estimator: "rebar", temperature: 0.5, samples: 1, optimizer: "radam" });
  expect(config).not.toHaveProperty("fold");
  const page = await readFile(join(at, "sweep.html"), "utf8");
  for (const text of ["the test set, trained on all the training data", "imle", "--test"]) {
    expect(page).toContain(text);
  }
  expect(page).not.toContain("held out");
  const again = await softdraw(home, "sweep", "--resume", at.slice(home.length + 1), "--json");
  expect(again.code).toBe(0);
  expect(await readdir(at)).not.toContain("winner");
});

test("a code without a relaxation is compared by exact choices alone", { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  const { code, out, err } = await softdraw(
    home,
    ...["sweep", "vae", "--data", "mnist", "--data-dir", folder.path(), "--epochs", "1", "--batch", "40", "--test"],
    ...["--latent", "conditional-bernoulli", "--variables", "4", "--network", "linear", "--baseline", "greedy"],
    ...["--set", "estimator=simple,score-function", ...ONE_PROCESS],
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/│ 1 │ \S+ +│ \d+\.\d+ │ – +│ 1 +│ 1 +│/);
  expect(out).not.toContain('By "relaxed"');
  const page = await readFile(join(await onlySweep(home), "sweep.html"), "utf8");
  expect(page).toContain("test by estimator");
  expect(page).not.toContain("relaxed by estimator");
});
