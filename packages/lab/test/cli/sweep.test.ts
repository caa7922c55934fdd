import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesOf, records, softdraw, start, useFolder } from "./support.ts";

const folder = useFolder();

/** Trials of a second or two: six trainings of three combinations, on the digits in the folder. */
const sweep = (...more: string[]) => [
  ...["sweep", "vae", "--data", "mnist", "--data-dir", folder.path(), "--batch", "40", "--variables", "4"],
  ...["--epochs", "3", "--schedule", "constant", "--set", "temperature=0.3,1,3", "--seeds", "2", "--json", ...more],
];

async function onlySweep(home: string): Promise<string> {
  const [name, ...others] = await readdir(join(home, "sweeps"));
  expect(others).toEqual([]);
  return join(home, "sweeps", name!);
}

const trialsOf = async (at: string) => (await readdir(join(at, "trials"))).sort();

test("a sweep trains every combination on a part of the data, and the best of them on all of it", {
  timeout: 120_000,
}, async () => {
  const home = await folder.fresh();
  const { code, out, err } = await softdraw(home, ...sweep());
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const at = await onlySweep(home);
  const lines = records(out);
  const outcomes = lines.filter(({ type }) => type === "outcome");
  expect(outcomes.map(({ trial }) => trial).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(lines[0]).toMatchObject({ type: "sweep", trials: 6 });

  // The winner is that of the lowest mean, and is a run like any other.
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

  // A trial is a run like any other, on all but the last sixth.
  const listed = await softdraw(home, "runs", "--runs-dir", join(at, "trials"), "--json");
  expect(records(listed.out)).toMatchObject(Array(6).fill({ state: "finished", config: { fold: "6/6" } }));
  const trial = join(at, "trials", "00005");
  const { command } = JSON.parse(await readFile(join(trial, "config.json"), "utf8"));
  await softdraw(home, ...command.split(" ").slice(1), "--threads", "2");
  const [alone] = await readdir(join(home, "runs"));
  expect(await bytesOf(join(home, "runs", alone!))).toEqual(await bytesOf(trial));
  expect((await softdraw(home, "eval", trial, "--importance-samples", "2")).code).toBe(0);

  const page = await readFile(join(at, "sweep.html"), "utf8");
  for (const text of [`temperature ${best}`, "held out", "relaxed", "temperature (log scale)", "--set "]) {
    expect(page).toContain(text);
  }
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "%s: --resume goes on to the bytes of the undisturbed sweep",
  {
    timeout: 120_000,
  },
  async (signal) => {
    const home = await folder.fresh();
    const { child, finished, output } = start(home, ...sweep("--no-winner", "--workers", "2"));
    await output('"type":"outcome"', 2);
    child.kill(signal);
    const { code, err } = await finished;
    const at = await onlySweep(home);
    const name = at.slice(home.length + 1);
    if (signal === "SIGINT") {
      expect({ code, err }).toEqual({ code: 130, err: `Stopped. Continue with: softdraw sweep --resume ${name}\n` });
      expect(await readdir(at)).not.toContain("lock");
    }
    const resumed = await softdraw(home, "sweep", "--resume", name, "--json", "--no-winner");
    expect({ code: resumed.code, err: resumed.err }).toEqual({ code: 0, err: "" });
    const outcomes = records(await readFile(join(at, "outcomes.jsonl"), "utf8"));
    expect(outcomes.map(({ trial }) => trial).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await trialsOf(at)).toEqual(["00001", "00002", "00003", "00004", "00005", "00006"]);
    await expect(stat(join(at, "winner"))).rejects.toThrow();

    const whole = await folder.fresh();
    await softdraw(whole, ...sweep("--no-winner", "--workers", "1"));
    const undisturbed = await onlySweep(whole);
    for (const trial of await trialsOf(at)) {
      expect(await bytesOf(join(at, "trials", trial))).toEqual(await bytesOf(join(undisturbed, "trials", trial)));
    }
  },
);

test("a sweep in use is left alone", { timeout: 120_000 }, async () => {
  const home = await folder.fresh();
  const { child, finished, output } = start(home, ...sweep("--no-winner", "--workers", "1"));
  await output('"type":"outcome"');
  const name = (await onlySweep(home)).slice(home.length + 1);
  const { code, err } = await softdraw(home, "sweep", "--resume", name);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/is in use by process \d+/) });
  child.kill("SIGKILL");
  await finished;
});
