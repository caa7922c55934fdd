/** Trains what a queue has, in processes of this machine, while this process keeps the queue told that they are alive. */

import { setMaxListeners } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EpochRecord, Experiment } from "@softdraw/experiments/experiment";
import { parseJson } from "@softdraw/experiments/json";
import { Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { Interrupted } from "../errors.ts";
import { unlessMissing } from "../runs/files.ts";
import { CHECKPOINT } from "../runs/names.ts";
import type { Run } from "../runs/run.ts";
import { lackOfData } from "../training/data.ts";
import { Unavailable } from "./executor.ts";
import { assignmentOf, PREFIX, QUEUE_TIMING, type QueueTiming, queueName } from "./jobs.ts";
import { lanes } from "./lanes.ts";
import type { TrainingPool } from "./pool.ts";
import { type Link, refusal, whileAnswering } from "./redis.ts";
import { REDIS_STORE, restoreSnapshot, type Snapshot, type Store, takeSnapshot } from "./store.ts";
import type { Assignment } from "./sweep.ts";
import { findAmong, openTrial } from "./trial.ts";

export interface WorkerOptions {
  readonly link: Link;
  readonly store: Store;
  readonly version: string;
  readonly experiments: readonly Experiment[];
  readonly pool: TrainingPool;
  /** Trainings at a time. */
  readonly workers: number;
  /** Where this machine has its data. */
  readonly dataDir: string | undefined;
  /** A folder of its own, for the run folders of what it trains. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Asks it to save and give back what it trains, and to end. */
  readonly stop: AbortSignal;
  readonly timing?: QueueTiming;
}

/**
 * Serves until it is stopped.
 *
 * @throws Interrupted after `stop`, once what was being trained is saved and given back to the queue; Unavailable where
 * Redis or the store take no more
 */
export async function serveQueue(options: WorkerOptions): Promise<never> {
  const { link, version, workers, stop, timing = QUEUE_TIMING } = options;
  const failure = new AbortController();
  const ending = AbortSignal.any([stop, failure.signal, link.lost]);
  // Every training listens to it, and there may be more than the ten listeners that Node warns of.
  setMaxListeners(0, ending);
  const judge = (error: Error): boolean => {
    const unavailable = refusal(error, link.endpoint);
    if (unavailable) failure.abort(unavailable);
    return unavailable !== undefined;
  };
  let given = 0;
  const onGivenBack = () => {
    given++;
  };
  const jobs = lanes(workers);
  const common = { ...options, stop: ending, judge, onGivenBack, lackOfData: lackOfData(options.dataDir) };
  const worker = new Worker(
    queueName(version),
    (job, token, lost) => jobs.run(() => takeJob({ ...common, job, token: token!, lost: lost! })),
    {
      connection: link.client,
      prefix: PREFIX,
      concurrency: workers,
      lockDuration: timing.lockMs,
      stalledInterval: timing.stalledMs,
      maxStalledCount: timing.deaths,
    },
  );
  worker.on("error", (error) => {
    judge(error);
    if (error instanceof SyntaxError) failUnreadable(worker, link).catch(judge);
  });
  // A lock that cannot be renewed is another worker's now: it took this one for dead, and has been given the job.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id);
  });
  if (!ending.aborted) await new Promise((resolve) => ending.addEventListener("abort", resolve, { once: true }));
  // A Redis that is gone cannot be told anything, and commands to it would wait for ever.
  await worker.pause(true);
  const idle = !link.lost.aborted && (await whileAnswering(link, jobs.idle()));
  const gone = !idle || !(await link.answers());
  if (gone) link.close();
  await worker.close(gone);
  if (link.lost.aborted) throw link.lost.reason;
  if (failure.signal.aborted) throw failure.signal.reason;
  if (!idle) throw new Interrupted(`Stopped. ${UNTOLD(link.endpoint)}`);
  throw new Interrupted(given === 0 ? "Stopped." : "What was being trained is saved, and back in the queue.");
}

const UNTOLD = (endpoint: string) =>
  `Redis at ${endpoint} does not answer: what was being trained goes to another worker, from its last state in the store.`;

interface Delivery extends WorkerOptions {
  /** What this machine lacks of a trial's data: another one may have it, so this worker ends rather than fail the trial. */
  readonly lackOfData: ReturnType<typeof lackOfData>;
  readonly job: Job;
  /** Shows Redis that this worker has the job. */
  readonly token: string;
  /** Aborted when another worker has been given the job. */
  readonly lost: AbortSignal;
  /** Whether an error is that of Redis or the store, which ends this worker, rather than the trial's. */
  readonly judge: (error: Error) => boolean;
  readonly onGivenBack: () => void;
}

/** Trains a job. What it throws counts as an attempt, but for a WaitingError, with which the job is back in the queue. */
async function takeJob(delivery: Delivery): Promise<void> {
  const { job, token, store, stop, lost, judge, onGivenBack, say } = delivery;
  const { sweep, store: wanted, assignment } = readJob(delivery);
  const name = `trial ${assignment.trial} of ${sweep}`;
  if (wanted !== store.id) judge(new Unavailable(`${name}: ${wrongStore(wanted)}`));
  const lack = await delivery.lackOfData(assignment.config);
  if (lack !== undefined) judge(new Unavailable(`${name}: ${lack}`));
  try {
    if (!stop.aborted) {
      say(`${name}: begun`);
      if (await trainJob(delivery, sweep, assignment)) return say(`${name}: trained`);
    }
  } catch (error) {
    if (!judge(error as Error) && !stop.aborted) {
      say(`${name}: failed: ${(error as Error).message}`);
      throw error;
    }
  }
  if (lost.aborted) throw new Error(`${name}: given to another worker.`);
  await job.moveToWait(token);
  onGivenBack();
  throw new WaitingError();
}

/** The fields of a job that its queue reads as JSON before anybody sees it. */
const JSON_FIELDS = ["data", "opts", "progress", "parent"];

/**
 * Fails the jobs that a worker was given and could not read: those stand with the active ones, and no worker could do anything
 * with them. What is no JSON is replaced, so that the sweep can read why they failed.
 */
async function failUnreadable(worker: Worker, { client }: Link): Promise<void> {
  const queue = `${PREFIX}:${worker.name}`;
  for (const id of await client.lrange(`${queue}:active`, 0, -1)) {
    const values = await client.hmget(`${queue}:${id}`, ...JSON_FIELDS);
    const broken = JSON_FIELDS.filter((_, i) => !isJson(values[i] || "0"));
    if (broken.length === 0) continue;
    await client.hdel(`${queue}:${id}`, ...broken);
    const reason = new UnrecoverableError(`This is no trial: its ${broken.join(" and ")} is no JSON.`);
    const token = await client.get(`${queue}:${id}:lock`);
    await new Job(worker, "trial", {}, {}, id).moveToFailed(reason, token ?? NO_LOCK);
  }
}

/** The token by which a job is moved whose lock has run out. */
const NO_LOCK = "0";

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

function readJob({ job, experiments, dataDir }: Delivery): ReturnType<typeof assignmentOf> {
  try {
    return assignmentOf(job.data, experiments, dataDir);
  } catch (error) {
    // No other attempt would find it in order.
    throw new UnrecoverableError((error as Error).message);
  }
}

function wrongStore(wanted: string): string {
  return wanted === REDIS_STORE
    ? "its states travel through Redis, so start this worker without --store."
    : "its states travel through another folder. Give the sweep and the workers the same one: --store DIR";
}

/** Trains from the state that is in the store, and leaves the last one there; false when it was stopped. */
async function trainJob(delivery: Delivery, sweep: string, assignment: Assignment): Promise<boolean> {
  const { job, pool, store, experiments, stop, lost, timing = QUEUE_TIMING } = delivery;
  const snapshot = await store.load(sweep, assignment.trial);
  // A folder for this delivery: the same trial may be delivered again while an earlier delivery still ends.
  const folder = await mkdtemp(join(delivery.folder, "trial-"));
  try {
    const run = await openTrial(folder, assignment, findAmong(experiments, assignment.experiment));
    if (snapshot) await restoreSnapshot(run, snapshot).finally(run.close);
    else await run.close();
    const saver = keepSaving(run, timing.saveMs, async (state) => {
      if (!lost.aborted) await store.save(sweep, assignment.trial, state);
    });
    const onEpoch = (record: EpochRecord) => void job.updateProgress(record).catch(() => {});
    try {
      return await pool.train({ assignment, folder, stop: AbortSignal.any([stop, lost, saver.failed]), onEpoch });
    } finally {
      await saver.end();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Saves the state of a run while it is trained: from time to time if there is a new one, and once more in the end. */
function keepSaving(run: Run, everyMs: number, save: (state: Snapshot) => Promise<void>) {
  const failed = new AbortController();
  const file = join(run.path, CHECKPOINT);
  const saveNow = async () => {
    const state = await takeSnapshot(run);
    if (state) await save(state);
  };
  let changed: number | undefined;
  const saveNew = async () => {
    const before = changed;
    changed = (await unlessMissing(stat(file)))?.mtimeMs;
    if (changed !== before) await saveNow();
  };
  let saving: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    saving = saving.then(saveNew).catch((error) => failed.abort(error));
  }, everyMs);
  return {
    /** Aborted where a state could not be saved: there is no point in going on. */
    failed: failed.signal,
    async end() {
      clearInterval(timer);
      await saving;
      if (failed.signal.aborted) throw failed.signal.reason;
      await saveNow();
    },
  };
}
