/**
 * The command line killed at random moments, from its start to its end, hundreds of times: `SOFTDRAW_KILLS=1000` says how often.
 * A run that was killed and resumed until it was finished has the bytes of one that nobody disturbed.
 */

import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { bytesOf, HOOK_TIMEOUT, onlyRun, softdraw, start, tinyTraining, useFolder } from "../cli/support.ts";

const KILLS = Number(process.env.SOFTDRAW_KILLS ?? 200);
const SECONDS_A_KILL = 30;
const EPOCHS = 6;

const folder = useFolder();
const training = () => tinyTraining(folder.path(), EPOCHS, "--json");

let uninterrupted: Awaited<ReturnType<typeof bytesOf>>;
let files: string[];
/** Milliseconds from the start of the process to its end. */
let duration: number;

beforeAll(async () => {
  const home = await folder.fresh();
  const started = performance.now();
  expect(await softdraw(home, ...training())).toMatchObject({ code: 0, err: "" });
  duration = performance.now() - started;
  const run = await onlyRun(home);
  uninterrupted = await bytesOf(run);
  files = (await readdir(run)).sort();
}, HOOK_TIMEOUT);

/** The run below a folder; undefined if its process was killed before there was one. */
async function runIn(home: string): Promise<string | undefined> {
  const runs = join(home, "runs");
  const names = existsSync(runs) ? await readdir(runs) : [];
  return names.map((name) => join(runs, name)).find((run) => existsSync(join(run, "config.json")));
}

/** Trains on in a folder, and kills that at a moment. Whether it was still at it. */
async function trainAndKill(home: string, milliseconds: number): Promise<boolean> {
  const run = await runIn(home);
  const { child, finished } = start(home, ...(run === undefined ? training() : ["resume", run, "--json"]));
  const kill = sleep(milliseconds).then(() => child.kill("SIGKILL"));
  const { code, err } = await finished;
  await kill;
  expect(err).toBe("");
  if (code !== undefined) expect(code).toBe(0);
  return code === undefined;
}

test(`${KILLS} kills at random moments leave the bytes of an undisturbed run`, {
  timeout: KILLS * SECONDS_A_KILL * 1000,
}, async () => {
  let [kills, runs] = [0, 0];
  while (kills < KILLS) {
    const home = await folder.fresh();
    await mkdir(join(home, "runs"));
    // In the end it is left alone: a run may be killed for ever by moments that all come early.
    for (let attempt = 0; attempt < 12 && kills < KILLS; attempt++) {
      if (!(await trainAndKill(home, Math.random() * duration))) break;
      kills++;
    }
    const run = await runIn(home);
    const last = await softdraw(home, ...(run === undefined ? training() : ["resume", run]));
    expect(last).toMatchObject({ code: 0, err: "" });
    const finished = (await runIn(home))!;
    expect(await bytesOf(finished)).toEqual(uninterrupted);
    expect((await readdir(finished)).sort()).toEqual(files);
    runs++;
  }
  console.log(`${kills} kills of ${runs} runs`);
});
