/** A program that trains toys from a queue, with a pool of its own. */

import { mkdir } from "node:fs/promises";
import { jsonReporter } from "../../src/cli/output.ts";
import { stopOnSignal } from "../../src/cli/shared.ts";
import { QUEUE_TIMING } from "../../src/sweeps/jobs.ts";
import { trainingPool } from "../../src/sweeps/pool.ts";
import { connectRedis } from "../../src/sweeps/redis.ts";
import { folderStore, redisStore } from "../../src/sweeps/store.ts";
import { serveQueue } from "../../src/sweeps/worker.ts";
import { toys } from "./toy-sweep.ts";

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
const worker = new URL("./toy-worker.js", import.meta.url);
const pool = trainingPool({ workers, device: "wasm", threads: 1, worker });
reporter.record("ready", {});
try {
  await serveQueue({
    ...{ link, store: states, version, experiments: toys, pool, workers, dataDir: undefined, folder, say, stop },
    timing: { ...QUEUE_TIMING, ...timing },
  });
} catch (error) {
  reporter.record("ended", { message: (error as Error).message, name: (error as Error).constructor.name });
} finally {
  link.close();
  await pool.close();
}
