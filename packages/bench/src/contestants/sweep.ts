/** Trains trials of a sweep, one after the other or several at a time: in this process, in a pool, or through a queue. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { experiments } from "@softdraw/experiments/all";
import { nameOfData } from "@softdraw/lab/data/own-data";
import packageJson from "@softdraw/lab/package.json" with { type: "json" };
import { conduct, TRIALS } from "@softdraw/lab/sweeps/conduct";
import type { Executor } from "@softdraw/lab/sweeps/executor";
import { poolExecutor } from "@softdraw/lab/sweeps/pool";
import { queueExecutor } from "@softdraw/lab/sweeps/queue";
import { connectRedis } from "@softdraw/lab/sweeps/redis";
import { redisStore } from "@softdraw/lab/sweeps/store";
import { trainTrial } from "@softdraw/lab/sweeps/trial";
import { startRedis } from "@softdraw/testing/redis-server";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { QUEUE_WORKER, TOY_WORKER, toys } from "@softdraw/testing/toy-sweep";
import { readOptions, serve } from "./serve.ts";

export interface SweepOptions {
  /** Where they are trained: in this process, in a pool, or through a queue. */
  readonly where: "here" | "pool" | "queue";
  readonly workers: number;
  /** Trials of an epoch that does nothing, or of an epoch of the VAE on the embedded digits. */
  readonly trial: "toy" | "vae";
  /** A folder of IDX files to train the VAE on, in place of the embedded digits. */
  readonly dataDir?: string;
}

const { where, workers, trial, dataDir } = readOptions<SweepOptions>();
/** The command line. */
const PROGRAM = fileURLToPath(new URL("bin/softdraw.js", import.meta.resolve("@softdraw/lab/package.json")));
const root = await mkdtemp(join(tmpdir(), "softdraw-bench-"));
const folder = join(root, TRIALS);
await mkdir(folder);
const known = trial === "toy" ? toys : experiments;
const experiment = known.find(({ name }) => name === trial)!;
/** Ends other programs in order, and waits for that. */
let close = async () => {};
/** Ends them where something failed. */
const kills: (() => unknown)[] = [];
process.on("exit", () => {
  for (const kill of kills) kill();
  rmSync(root, { recursive: true, force: true });
});
const executor = await open();
let trials = 0;
const data = dataDir === undefined || trial === "toy" ? {} : { data: await nameOfData(dataDir), dataDir };

await serve(measure, () => close());

async function measure(amount: number) {
  const last = trials + amount;
  const strategy = { record() {}, next: () => (trials < last ? assignment(++trials) : undefined) };
  const started = performance.now();
  // A folder a turn, because what is recorded there is read again.
  const home = await mkdtemp(join(root, "turn-"));
  const { objectives } = experiment;
  await conduct({ folder: home, executor, strategy, objectives, stop: new AbortController().signal });
  return { ms: (performance.now() - started) / amount };
}

function assignment(number: number) {
  const config = experiment.schema.parse({ ...data, epochs: 1, seed: number });
  return { trial: number, experiment: trial, config };
}

async function open(): Promise<Executor> {
  if (where === "here") return here();
  const settings = { workers, device: "wasm" as const, threads: 1 };
  if (where === "pool") return poolExecutor({ ...settings, folder, ...(trial === "toy" && { worker: TOY_WORKER }) });
  return queue();
}

function here(): Executor {
  const stop = new AbortController().signal;
  return {
    capacity: 1,
    run: (assignment, onEpoch) => trainTrial(assignment, { experiments: known, folder, stop, onEpoch }),
    stop() {},
    close: async () => {},
  };
}

/** Redis and a worker are processes of their own, as they are elsewhere. */
async function queue(): Promise<Executor> {
  const redis = await startRedis();
  kills.push(() => void redis.kill());
  kills.push(() => rmSync(redis.folder, { recursive: true, force: true }));
  const own = { url: redis.url, folder: join(root, "worker"), workers, version: packageJson.version };
  const args =
    trial === "toy"
      ? [...RUN_SOURCES, fileURLToPath(QUEUE_WORKER), JSON.stringify(own)]
      : [
          PROGRAM,
          "worker",
          "--queue",
          redis.url,
          "--workers",
          String(workers),
          ...(dataDir ? ["--data-dir", dataDir] : []),
        ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  kills.push(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.stdout.resume();
  const link = await connectRedis(redis.url, { say() {} });
  // The worker tidies up, and needs its Redis for that.
  close = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
    link.close();
    await redis.remove();
  };
  const sweep = { sweep: "bench", version: own.version, experiments: known, folder, ahead: 10_000, say() {} };
  return queueExecutor({ ...sweep, link, store: redisStore(link) });
}
