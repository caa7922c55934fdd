/** What goes through the queue: a job is an assignment of a sweep, small, and checked like a command line before anything is done. */

import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { fieldsOf } from "@softdraw/experiments/fields";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { problemOf } from "@softdraw/experiments/problems";
import { z } from "zod";
import { readsFolder } from "../training/data.ts";
import type { Assignment } from "./sweep.ts";
import { findAmong } from "./trial.ts";

/** Begins all of our keys in Redis. */
export const PREFIX = "softdraw";

/** A queue a version: a worker never sees the trials of another, which would not be comparable. */
export function queueName(version: string): string {
  return `${QUEUE}${version}`;
}

const QUEUE = "trials-";

/** The version of a queue; undefined for the name of something else. */
export function versionOf(queue: string): string | undefined {
  return queue.startsWith(QUEUE) ? queue.slice(QUEUE.length) : undefined;
}

/** The times and counts by which a queue is kept. Tests have shorter ones. */
export interface QueueTiming {
  /** A worker that has not been heard of for so long is dead. */
  readonly lockMs: number;
  /** Between two looks for dead workers. */
  readonly stalledMs: number;
  /** Workers that may die while they train a trial before it counts as failed. */
  readonly deaths: number;
  /** Between two looks at the queue, for what no event told. */
  readonly lookMs: number;
  /** Between two states of a trial that is being trained. */
  readonly saveMs: number;
}

export const QUEUE_TIMING: QueueTiming = {
  lockMs: 30_000,
  stalledMs: 30_000,
  deaths: 10,
  lookMs: 10_000,
  saveMs: 10_000,
};

/** Attempts at a trial: what fails twice is likely to fail again. */
export const ATTEMPTS = 2;

/** What names a sweep in keys, and below a store's folder. */
export const SweepName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/);

const TrialJob = z.strictObject({
  sweep: SweepName,
  /** The store that its state travels through. */
  store: z.string().regex(/^[a-z0-9-]{1,64}$/),
  trial: z.int().positive().max(1e9),
  experiment: z.string().max(100),
  config: z.record(z.string().max(100), z.union([z.string().max(1000), z.number(), z.boolean()])),
  epochs: z.int().positive().optional(),
});

export type TrialJob = Readonly<z.infer<typeof TrialJob>>;

/** The same for the same assignment, so that a job that is added again is there already. */
export function jobId(sweep: string, { trial, epochs }: Pick<Assignment, "trial" | "epochs">): string {
  return `${sweep}.${trial}.${epochs ?? "end"}`;
}

/** An assignment as a job. The folder of the data stays here: it means nothing on another machine. */
export function jobOf(sweep: string, store: string, { trial, experiment, config, epochs }: Assignment): TrialJob {
  const { dataDir: _, ...rest } = config;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    sweep,
    store,
    trial,
    experiment,
    config: given as TrialJob["config"],
    ...(epochs !== undefined && { epochs }),
  };
}

/**
 * The assignment in a job, with this machine's folder of data.
 *
 * @throws Error saying what is wrong with it
 */
export function assignmentOf(
  data: unknown,
  experiments: readonly Experiment[],
  dataDir: string | undefined,
): { sweep: string; store: string; assignment: Assignment } {
  const job = TrialJob.safeParse(data);
  if (job.error) throw new Error(`This is no trial: ${problemOf(job.error, data)}`);
  const { sweep, store, trial, experiment: name, config: given, epochs } = job.data;
  const experiment = findAmong(experiments, name);
  // A path of another machine means nothing here.
  const known = Object.keys(fieldsOf(experiment)).filter((field) => field !== "dataDir");
  const unknown = Object.keys(given).filter((field) => !known.includes(field));
  if (unknown.length > 0) throw new Error(`Trial ${trial} of ${name}: unexpected ${foreignText(unknown.join(", "))}.`);
  const parsed = experiment.schema.safeParse(given);
  if (parsed.error) throw new Error(`Trial ${trial} of ${name}: ${problemOf(parsed.error, given)}`);
  const config: BaseConfig =
    readsFolder(parsed.data) && dataDir !== undefined ? { ...parsed.data, dataDir } : parsed.data;
  return { sweep, store, assignment: { trial, experiment: name, config, epochs } };
}
