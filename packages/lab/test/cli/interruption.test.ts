import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { noise } from "@softdraw/testing/bytes";
import { beforeAll, expect, test } from "vitest";
import { bytesOf, call, HOOK_TIMEOUT, onlyRun, softdraw, start, tinyTraining, useFolder } from "./support.ts";

const EPOCHS = 6;
const folder = useFolder();
/** Deep, so that it is not over before a signal comes. */
const training = () =>
  tinyTraining(
    folder.path(),
    EPOCHS,
    ...["--json", "--network", "deep", "--schedule", "linear", "--temperature-end", "0.5"],
  );

let uninterrupted: Awaited<ReturnType<typeof bytesOf>>;
let files: string[];
/** Milliseconds from a run's beginning to its end. */
let trainingTime: number;

beforeAll(async () => {
  const home = await folder.fresh();
  const { finished, output } = start(home, ...training());
  await output('"type":"run"');
  const started = performance.now();
  expect(await finished).toMatchObject({ code: 0, err: "" });
  trainingTime = performance.now() - started;
  const run = await onlyRun(home);
  uninterrupted = await bytesOf(run);
  files = (await readdir(run)).sort();
}, HOOK_TIMEOUT);

async function expectUninterrupted(run: string): Promise<void> {
  expect(await bytesOf(run)).toEqual(uninterrupted);
  expect((await readdir(run)).sort()).toEqual(files);
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s: the step is finished and saved, and resume goes on from it",
  async (signal) => {
    const home = await folder.fresh();
    const { child, finished, output } = start(home, ...training());
    await output('"type":"epoch"', signal === "SIGINT" ? 1 : 3);
    child.kill(signal);
    const { code, err } = await finished;
    const run = await onlyRun(home);
    expect(code).toBe(130);
    const name = run.slice(home.length + 1);
    expect(err).toMatch(new RegExp(`^Saved after step \\d of epoch \\d+\\. Continue with: softdraw resume ${name}\n$`));
    expect(await readdir(run)).not.toContain("lock");
    expect(await readdir(run)).not.toContain("result.json");
    expect(await call(home, "resume", name)).toMatchObject({ code: 0, err: "" });
    await expectUninterrupted(run);
  },
);

const KILLS = 2;

test("kill -9 at random moments: resume goes on to the bytes of the uninterrupted run", {
  timeout: 120_000,
}, async () => {
  const home = await folder.fresh();
  // Shares of the whole training, small enough for several to come before its end.
  const moments = Array.from(noise(KILLS, 7), (byte) => (0.4 * byte) / 256);
  for (const [i, moment] of moments.entries()) {
    const args = i === 0 ? training() : ["resume", await onlyRun(home), "--json"];
    const { child, finished, output } = start(home, ...args);
    await output('"type":"run"');
    await sleep(moment * trainingTime);
    child.kill("SIGKILL");
    const { code, err } = await finished;
    expect(err).toBe("");
    // A late moment may come after the end.
    if (code !== undefined) expect(code).toBe(0);
  }
  const run = await onlyRun(home);
  expect(await softdraw(home, "resume", run)).toMatchObject({ code: 0, err: "" });
  await expectUninterrupted(run);
});

test("killed before its first checkpoint, a run says so to those who look at it, and resumes from the beginning", async () => {
  const home = await folder.fresh();
  const { child, finished, output } = start(home, ...training());
  await output('"type":"run"');
  child.kill("SIGKILL");
  await finished;
  const run = await onlyRun(home);
  const looked = await call(home, "eval", run);
  expect(looked.code).toBe(1);
  expect(looked.err).toContain("has no checkpoint yet");
  expect(looked.err).toContain(`softdraw resume ${run}`);
  expect(await call(home, "resume", run)).toMatchObject({ code: 0 });
  await expectUninterrupted(run);
});
