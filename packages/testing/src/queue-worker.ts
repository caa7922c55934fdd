/** A program that trains toys from a queue, with a pool of its own. */

import { mkdir } from "node:fs/promises";
import { jsonReporter } from "@softdraw/lab/cli/output";
import { stopOnSignal } from "@softdraw/lab/cli/signals";
import { QUEUE_TIMING } from "@softdraw/lab/sweeps/jobs";
import { trainingPool } from "@softdraw/lab/sweeps/pool";
import { connectRedis } from "@softdraw/lab/sweeps/redis";
import { folderStore, redisStore } from "@softdraw/lab/sweeps/store";
import { serveQueue } from "@softdraw/lab/sweeps/worker";
import { TOY_WORKER, toys } from "./toy-sweep.ts";

export interface WorkerOptions {
  readonly url: string;
  /** An empty folder. */
  readonly folder: string;
  readonly workers: number;
  readonly version?: string;
  readonly store?: string;
  readonly timing?: Partial<typeof QUEUE_TIMING>;
}

const options: WorkerOptions = JSON.parse(process.argv[2]!);
const { url, folder, workers, version = "1", store, timing } = options;
const reporter = jsonReporter(process.stdout);
const say = (text: string) => reporter.record("said", { text });
await mkdir(folder, { recursive: true });
const stop = stopOnSignal(reporter);
const link = await connectRedis(url, { say });
const states = store === undefined ? redisStore(link) : await folderStore(store);
const pool = trainingPool({ workers, device: "wasm", threads: 1, worker: TOY_WORKER });
reporter.record("ready", {});
try {
  await serveQueue({
    link,
    store: states,
    version,
    experiments: toys,
    pool,
    workers,
    dataDir: undefined,
    folder,
    say,
    stop,
    timing: { ...QUEUE_TIMING, ...timing },
  });
} catch (error) {
  reporter.record("ended", { message: (error as Error).message, name: (error as Error).constructor.name });
} finally {
  link.close();
  await pool.close();
}
