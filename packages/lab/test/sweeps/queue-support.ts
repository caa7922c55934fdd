/** What the tests of the queue share: a Redis, workers and sweeps of toys in this process, and their pools beside it. */

import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EpochRecord, Experiment } from "@softdraw/experiments/experiment";
import { type RedisServer, startRedis } from "@softdraw/testing/redis-server";
import { TOY_WORKER, type ToySweep, toys, toyTrials } from "@softdraw/testing/toy-sweep";
import { type Job, Worker } from "bullmq";
import { afterAll, beforeAll } from "vitest";
import { conduct, TRIALS } from "../../src/sweeps/conduct.ts";
import type { Executor } from "../../src/sweeps/executor.ts";
import { PREFIX, type QueueTiming, queueName } from "../../src/sweeps/jobs.ts";
import { trainingPool } from "../../src/sweeps/pool.ts";
import { queueExecutor } from "../../src/sweeps/queue.ts";
import { connectRedis, type Link } from "../../src/sweeps/redis.ts";
import { redisStore, type Store } from "../../src/sweeps/store.ts";
import { strategyOf } from "../../src/sweeps/strategy.ts";
import type { Assignment, Outcome } from "../../src/sweeps/sweep.ts";
import { serveQueue } from "../../src/sweeps/worker.ts";
import { records } from "../cli/support.ts";

/** In more of a hurry than at home. */
export const TIMING: QueueTiming = { lockMs: 30_000, stalledMs: 1_000, deaths: 100, lookMs: 200, saveMs: 50 };

/** A Redis for the calling file, emptied by nobody: sweeps have names of their own. */
export function useRedis(...settings: string[]): { readonly server: RedisServer } {
  const used = {} as { server: RedisServer };
  beforeAll(async () => {
    used.server = await startRedis(...settings);
  });
  afterAll(() => used.server?.remove());
  return used;
}

export interface WorkerSettings {
  readonly folder: string;
  readonly workers?: number;
  readonly version?: string;
  readonly store?: (link: Link) => Store | Promise<Store>;
  readonly experiments?: readonly Experiment[];
  readonly pool?: URL;
  readonly dataDir?: string;
  readonly timing?: QueueTiming;
  readonly patienceMs?: number;
}

/** A worker that works until it is stopped; `ended` is what it ended with. */
export async function startWorker(url: string, settings: WorkerSettings) {
  const {
    folder,
    workers = 1,
    version = "1",
    store = redisStore,
    experiments = toys,
    pool: worker = TOY_WORKER,
  } = settings;
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  await mkdir(folder, { recursive: true });
  const { patienceMs } = settings;
  const link = await connectRedis(url, { say, ...(patienceMs && { patienceMs }) });
  const pool = trainingPool({ workers, device: "wasm", threads: 1, worker });
  const stop = new AbortController();
  const { dataDir, timing = TIMING } = settings;
  const serving = serveQueue({
    link,
    store: await store(link),
    version,
    experiments,
    pool,
    workers,
    dataDir,
    folder,
    say,
    timing,
    stop: stop.signal,
  });
  const ended = serving
    .catch((error: Error) => error)
    .finally(async () => {
      link.close();
      await pool.close();
    });
  return {
    said,
    ended,
    async stop() {
      stop.abort();
      return ended;
    },
  };
}

/** Takes a job as a worker does that dies then. */
export async function deadWorker(port: number, version = "1"): Promise<{ job: Job; close(): Promise<void> }> {
  const worker = new Worker(queueName(version), null, {
    connection: { port },
    prefix: PREFIX,
    lockDuration: 500,
    autorun: false,
  });
  for (;;) {
    const job = await worker.getNextJob("dead");
    if (job) return { job, close: () => worker.close() };
  }
}

export interface SweepSettings extends ToySweep {
  /** The sweep's folder. */
  readonly home: string;
  readonly version?: string;
  readonly store?: (link: Link) => Store | Promise<Store>;
  readonly ahead?: number;
  readonly stop?: AbortSignal;
  readonly onEpoch?: (assignment: Assignment, record: EpochRecord) => void;
}

/** Takes a sweep of toys through the queue: the outcomes, in the order of trials. */
export async function sweepToys(
  url: string,
  settings: SweepSettings,
): Promise<{ outcomes: Outcome[]; said: string[] }> {
  const { home, version = "1", store = redisStore, ahead = 10_000 } = settings;
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const link = await connectRedis(url, { say });
  try {
    const own = { sweep: basename(home), folder: join(home, TRIALS), experiments: toys, lookMs: TIMING.lookMs };
    const executor = await queueExecutor({ ...own, link, store: await store(link), version, ahead, say });
    return { outcomes: await conductToys(executor, settings), said };
  } finally {
    link.close();
  }
}

export async function conductToys(executor: Executor, settings: Omit<SweepSettings, "store">): Promise<Outcome[]> {
  const { home, stop = new AbortController().signal, onEpoch } = settings;
  const { definition, trials } = toyTrials(settings);
  const outcomes: Outcome[] = [];
  await mkdir(join(home, TRIALS), { recursive: true });
  try {
    await conduct({
      folder: home,
      executor,
      strategy: strategyOf(definition, trials, "smallest"),
      stop,
      objectives: toys[0]!.objectives,
      ...(onEpoch && { onEpoch }),
      onOutcome: (_, outcome) => void outcomes.push(outcome),
    });
  } finally {
    await executor.close();
  }
  return outcomes.sort((a, b) => a.trial - b.trial || (a.epochs ?? Infinity) - (b.epochs ?? Infinity));
}

/** What two trainings of the same trial have in common to the byte. */
export async function trialBytes(
  home: string,
  name: string,
): Promise<{ metrics: string; checkpoint: string; result: string }> {
  const file = (file: string) => readFile(join(home, TRIALS, name, file));
  const metrics = records(String(await file("metrics.jsonl"))).map(({ imagesPerSecond: _, ...rest }) =>
    JSON.stringify(rest),
  );
  const checkpoint = createHash("sha256")
    .update(await file("checkpoint.safetensors"))
    .digest("hex");
  return { metrics: metrics.join("\n"), checkpoint, result: String(await file("result.json")) };
}
