/**
 * Trains on whatever machines listen to a queue in Redis. The engine is BullMQ: it gives a job to one worker at a time, and
 * to another when that one dies.
 *
 * A job is known by its assignment, so one that is added again is there already: a sweep that was killed and is resumed
 * finds what waits, what is being trained, and what has been trained meanwhile. What is trained is written to the trial's
 * run folder before its job and its state are taken away, so at any moment one of them has it.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EpochRecord, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { Queue, QueueEvents } from "bullmq";
import { z } from "zod";
import { Interrupted } from "../errors.ts";
import { unlessMissing } from "../runs/files.ts";
import { openRun } from "../runs/run.ts";
import type { Executor, Unavailable } from "./executor.ts";
import { ATTEMPTS, jobId, jobOf, PREFIX, QUEUE_TIMING, queueName, SweepName, type TrialJob } from "./jobs.ts";
import { lanes } from "./lanes.ts";
import { listenersLine, versionsThatListen } from "./listeners.ts";
import { type Link, refusal, whileAnswering } from "./redis.ts";
import { restoreSnapshot, type Snapshot, type Store, StoreFull, takeSnapshot } from "./store.ts";
import type { Assignment } from "./sweep.ts";
import { findAmong, finishTrial, openTrial, trialName } from "./trial.ts";

export interface QueueOptions {
  readonly link: Link;
  readonly store: Store;
  /** Names the sweep among others. */
  readonly sweep: string;
  readonly version: string;
  readonly experiments: readonly Experiment[];
  /** The folder of the trials' run folders. */
  readonly folder: string;
  /** Jobs in the queue at most; the rest stay with the sweep. */
  readonly ahead: number;
  readonly say: (line: string) => void;
  /** Between two looks at the queue, for what no event told. */
  readonly lookMs?: number;
}

/** Jobs that are added at once. */
const BATCH = 500;
/** States that are read and written at the same time: each may be some megabytes. */
const LANES = 4;
/** Before a store is asked again whether it has room. */
const ROOM_MS = 1_000;

type End = "completed" | "failed";

interface Pending {
  readonly assignment: Assignment;
  readonly onEpoch: (record: EpochRecord) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** `coming`: to be added; `ended`: being taken in. */
  phase: "coming" | "queued" | "ended";
  /** Whether it has been added a second time, because it ended without a state. */
  repeated: boolean;
}

export async function queueExecutor(options: QueueOptions): Promise<Executor> {
  const { link, store, version, experiments, folder, ahead, say, lookMs = QUEUE_TIMING.lookMs } = options;
  const { sweep } = options;
  if (!SweepName.safeParse(sweep).success) {
    throw new Error(`A sweep's folder names its trials in the queue: expected a-z, 0-9 and hyphens, got "${sweep}".`);
  }
  const { client, endpoint, lost } = link;
  const queue = new Queue<TrialJob>(queueName(version), { connection: client, prefix: PREFIX });
  const pending = new Map<string, Pending>();
  /** Ends of this sweep's jobs that nobody has asked for yet, such as those of an earlier process. */
  const ends = new Map<string, End>();
  const work = lanes(LANES);
  let coming: string[] = [];
  let ending: Interrupted | Unavailable | undefined;

  // Ending early

  const endAll = (error: Interrupted | Unavailable) => {
    ending ??= error;
    for (const { reject } of pending.values()) reject(ending);
    pending.clear();
  };
  /** An error that every other trial would meet as well ends them all. */
  const judge = (error: Error): Error => {
    const unavailable = refusal(error, endpoint);
    if (unavailable) endAll(unavailable);
    return unavailable ?? error;
  };
  const onError = (error: Error) => void judge(error);
  const onLost = () => endAll(lost.reason);
  const settle = (id: string, error?: Error) => {
    const entry = pending.get(id);
    pending.delete(id);
    if (error) entry?.reject(error);
    else entry?.resolve();
  };

  // Adding jobs

  const add = (id: string) => {
    if (coming.length === 0) setImmediate(addComing);
    coming.push(id);
  };
  const addComing = async () => {
    const ids = coming;
    coming = [];
    for (let first = 0; first < ids.length; first += BATCH) {
      const batch = ids.slice(first, first + BATCH).flatMap((id) => comingEntry(id) ?? []);
      if (batch.length === 0) continue;
      try {
        await queue.addBulk(batch.map(({ assignment }) => jobFor(assignment)));
        for (const entry of batch) if (entry.phase === "coming") entry.phase = "queued";
      } catch (error) {
        const reason = judge(error as Error);
        for (const { assignment } of batch) settle(jobId(sweep, assignment), reason);
      }
    }
  };
  /** What an earlier process had asked for may have ended before it was asked for again. */
  const comingEntry = (id: string) => {
    const entry = pending.get(id);
    return entry?.phase === "coming" ? entry : undefined;
  };
  const jobFor = (assignment: Assignment) => ({
    name: "trial",
    data: jobOf(sweep, store.id, assignment),
    opts: { jobId: jobId(sweep, assignment), attempts: ATTEMPTS, removeOnComplete: false, removeOnFail: false },
  });
  /** Puts the state that the run folder has into the store, for whoever goes on from there. */
  const sendState = async ({ trial }: Assignment) => {
    const path = join(folder, trialName(trial));
    if (!(await unlessMissing(stat(join(path, "config.json"))))) return;
    const snapshot = await takeSnapshot(await openRun(path, { lock: false }));
    while (snapshot && ending === undefined) {
      try {
        return await store.save(sweep, trial, snapshot);
      } catch (error) {
        if (!(error instanceof StoreFull)) throw error;
        await sleep(ROOM_MS);
      }
    }
  };

  // Taking in what has ended

  const onEnd = (id: string, end: End) => {
    if (!id.startsWith(`${sweep}.`)) return;
    const entry = pending.get(id);
    if (entry === undefined) ends.set(id, end);
    if (entry === undefined || entry.phase === "ended") return;
    entry.phase = "ended";
    work.run(() => takeIn(id, entry, end)).catch((error) => settle(id, judge(error)));
  };
  /** Writes the run folder, and only then takes job and state away. */
  const takeIn = async (id: string, entry: Pending, end: End) => {
    const { assignment } = entry;
    const snapshot = await store.load(sweep, assignment.trial);
    if (snapshot) await writeRun(folder, assignment, snapshot, experiments);
    const failure = end === "failed" ? await failureOf(id) : undefined;
    const missing = !failure && !(await isTrained(folder, assignment));
    await queue.remove(id);
    if (missing) return again(id, entry);
    await store.remove(sweep, assignment.trial);
    settle(id, failure);
  };
  const failureOf = async (id: string) => {
    const reason = (await queue.getJob(id))?.failedReason;
    return new Error(reason || "It failed, and nothing says why.");
  };
  /** Adds a job once more that ended without a state, as after a store was emptied. */
  const again = (id: string, entry: Pending) => {
    if (entry.repeated) throw new Error("It was trained twice, and its state did not come through the store.");
    entry.repeated = true;
    entry.phase = "coming";
    add(id);
  };

  // Looking for what no event told of

  /** Finds what ended while nobody heard, and adds again what a Redis without its append-only file has forgotten. */
  const look = async () => {
    const expected = [...pending].filter(([, { phase }]) => phase === "queued").map(([id]) => id);
    const known = new Set(await queue.getRanges([...UNFINISHED, ...ENDS]));
    for (const end of ENDS) for (const id of await queue.getRanges([end])) onEnd(id, end);
    for (const id of expected) {
      const entry = pending.get(id);
      if (known.has(id) || entry?.phase !== "queued") continue;
      entry.phase = "coming";
      add(id);
    }
    if (pending.size > 0) sayWhoListens(await versionsThatListen(client));
  };
  let said: string | undefined;
  const sayWhoListens = (versions: readonly string[]) => {
    const line = listenersLine(versions, version, endpoint);
    if (line !== undefined && line !== said) say(line);
    said = line;
  };
  let looking: Promise<void> | undefined;
  const lookAgain = () => {
    looking ??= look()
      .catch(onError)
      .finally(() => {
        looking = undefined;
      });
  };

  queue.on("error", onError);
  lost.addEventListener("abort", onLost);
  // Events count from the last one so far, so that none is missed between here and the first look.
  const [last] = await client.xrevrange(queue.toKey("events"), "+", "-", "COUNT", 1);
  const events = new QueueEvents(queueName(version), {
    connection: client,
    prefix: PREFIX,
    lastEventId: last?.[0] ?? "0-0",
  });
  events.on("error", onError);
  for (const end of ENDS) events.on(end, ({ jobId: id }: { jobId: string }) => onEnd(id, end));
  events.on("progress", ({ jobId: id, data }) => {
    const record = Progress.safeParse(data);
    if (record.success) pending.get(id)?.onEpoch(record.data);
  });
  await look();
  const timer = setInterval(lookAgain, lookMs);

  /** Takes out what no worker has begun, so that none does. What is being trained goes on to its end. */
  const takeOut = async (entries: readonly [string, Pending][]) => {
    for (const [id, { assignment }] of entries) {
      if ((await queue.remove(id)) === 1) await store.remove(sweep, assignment.trial);
    }
  };
  /** Takes out what an earlier process of this sweep has added and this one has not. */
  const takeOutLeftovers = async () => {
    const ids = (await queue.getRanges([...UNFINISHED, ...ENDS])).filter((id) => id.startsWith(`${sweep}.`));
    for (const id of ids) {
      if ((await queue.remove(id)) === 1) await store.remove(sweep, Number(id.split(".")[1]));
    }
  };
  let takingOut: Promise<void> | undefined;

  return {
    capacity: ahead,
    async run(assignment, onEpoch) {
      if (ending) throw ending;
      // A sweep that was killed may have the run folder, and no record of it.
      if (await isTrained(folder, assignment)) return;
      const id = jobId(sweep, assignment);
      await new Promise<void>((resolve, reject) => {
        if (ending) return reject(ending);
        pending.set(id, { assignment, onEpoch, resolve, reject, phase: "coming", repeated: false });
        const end = ends.get(id);
        ends.delete(id);
        if (end) return onEnd(id, end);
        work
          .run(() => sendState(assignment))
          .then(() => add(id))
          .catch((error) => settle(id, judge(error)));
      });
    },
    stop() {
      if (ending) return;
      const entries = [...pending];
      endAll(new Interrupted("The sweep is stopped."));
      takingOut = takeOut(entries).catch(onError);
    },
    async close() {
      clearInterval(timer);
      lost.removeEventListener("abort", onLost);
      const parting = async () => {
        await Promise.all([takingOut, looking, work.idle()]);
        if (ending === undefined) await takeOutLeftovers();
        await events.close();
        await queue.close();
      };
      if (!lost.aborted && (await whileAnswering(link, parting()))) return;
      // They would wait for a connection that does not come back.
      void events.close().catch(() => {});
      await events.getBackend().close(true);
    },
  };
}

/** A record of an epoch. What an epoch did not measure may come as null. */
const Progress = z.looseObject({ epoch: z.number() }).transform((record): EpochRecord => {
  const numbers = Object.entries(record).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return { ...Object.fromEntries(numbers), epoch: record.epoch };
});

const ENDS = ["completed", "failed"] as const;
const UNFINISHED = ["wait", "active", "delayed", "prioritized"] as const;

/** Whether the run folder has all that an assignment asks for. */
async function isTrained(folder: string, { trial, epochs }: Assignment): Promise<boolean> {
  const path = join(folder, trialName(trial));
  if (!(await unlessMissing(stat(join(path, "config.json"))))) return false;
  const run = await openRun(path, { lock: false });
  if (epochs === undefined) return (await run.readResult()) !== undefined;
  return ((await takeSnapshot(run))?.records.length ?? 0) >= epochs;
}

async function writeRun(
  folder: string,
  assignment: Assignment,
  snapshot: Snapshot,
  experiments: readonly Experiment[],
): Promise<void> {
  const family = findAmong(experiments, assignment.experiment);
  const run = await openTrial(folder, assignment, family);
  try {
    await restoreSnapshot(run, snapshot);
    if (snapshot.whole) await finishTrial(run, experimentFor(family, assignment.config));
  } finally {
    await run.close();
  }
}
