/** Takes a sweep through its trials, in a folder that remembers how far it has come. */

import { join } from "node:path";
import type { EpochRecord, Experiment, Objective } from "@softdraw/experiments/experiment";
import { Interrupted } from "../errors.ts";
import { appendRecord, dropTornRecord, readRecords } from "../runs/metrics.ts";
import { openRun } from "../runs/run.ts";
import { type Executor, Unavailable } from "./executor.ts";
import type { Strategy } from "./strategy.ts";
import { type Assignment, Outcome } from "./sweep.ts";
import { trialName } from "./trial.ts";

const OUTCOMES = "outcomes.jsonl";
export const TRIALS = "trials";

export interface Conducted {
  /** The sweep's folder. */
  readonly folder: string;
  readonly strategy: Strategy;
  readonly executor: Executor;
  readonly objectives: Experiment["objectives"];
  readonly stop: AbortSignal;
  readonly onEpoch?: (assignment: Assignment, record: EpochRecord) => void;
  readonly onOutcome?: (assignment: Assignment, outcome: Outcome) => void;
}

/** The outcomes so far, in the order in which they came. */
export async function readOutcomes(folder: string): Promise<Outcome[]> {
  return readRecords(join(folder, OUTCOMES), Outcome);
}

/**
 * Trains what the strategy asks for, as much at a time as the executor takes, and records every outcome once. What fails
 * is an outcome too.
 *
 * @throws Interrupted after `stop`, once what was being trained has saved its state; Error where an outcome cannot be
 * recorded
 */
export async function conduct(sweep: Conducted): Promise<void> {
  const { folder, strategy, executor, stop } = sweep;
  await dropTornRecord(join(folder, OUTCOMES));
  for (const outcome of await readOutcomes(folder)) strategy.record(outcome);
  const onStop = () => executor.stop();
  stop.addEventListener("abort", onStop, { once: true });
  const running = new Set<Promise<void>>();
  let failure: unknown;
  let wake = () => {};
  const start = (assignment: Assignment) => {
    const work = trainAndRecord(sweep, assignment)
      .catch((error) => {
        failure ??= error;
      })
      .finally(() => {
        running.delete(work);
        wake();
      });
    running.add(work);
  };
  try {
    for (;;) {
      // Made before looking for work, so that what ends meanwhile is not missed.
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      while (!stop.aborted && failure === undefined && running.size < executor.capacity) {
        const assignment = strategy.next();
        if (assignment === undefined) break;
        start(assignment);
      }
      if (running.size === 0) break;
      await changed;
      // An outcome that cannot be recorded ends the sweep, and nothing is lost by it.
      if (failure !== undefined && !stop.aborted) executor.stop();
    }
  } finally {
    stop.removeEventListener("abort", onStop);
  }
  if (failure !== undefined) throw failure;
  if (stop.aborted) throw new Interrupted("The sweep is stopped.");
}

async function trainAndRecord(sweep: Conducted, assignment: Assignment): Promise<void> {
  const { folder, strategy, executor, stop, onEpoch, onOutcome } = sweep;
  const outcome = await executor
    .run(assignment, (record) => onEpoch?.(assignment, record))
    .then(() => measuredOutcome(sweep, assignment))
    .catch((error: Error) => {
      if (error instanceof Interrupted || stop.aborted) return undefined;
      if (error instanceof Unavailable) throw error;
      return outcomeOf(assignment, { state: "failed", error: error.message });
    });
  if (outcome === undefined) return;
  await appendRecord(join(folder, OUTCOMES), outcome);
  strategy.record(outcome);
  onOutcome?.(assignment, outcome);
}

async function measuredOutcome({ folder, objectives }: Conducted, assignment: Assignment): Promise<Outcome> {
  const run = await openRun(join(folder, TRIALS, trialName(assignment.trial)), { lock: false });
  const last = (await run.readMetrics()).at(assignment.epochs === undefined ? -1 : assignment.epochs - 1);
  const { discrete, relaxed } = objectives;
  const measured = { discrete: measure(last, discrete), relaxed: measure(last, relaxed) };
  return outcomeOf(assignment, { state: "done", ...measured });
}

function outcomeOf(
  { trial, epochs }: Assignment,
  rest: Pick<Outcome, "state" | "discrete" | "relaxed" | "error">,
): Outcome {
  return { trial, ...(epochs !== undefined && { epochs }), ...rest };
}

/** The value of an objective in a record; null where there is none that can be compared. */
export function measure(record: EpochRecord | undefined, objective: Objective & { meanwhile?: string }): number | null {
  const value = record?.[objective.key] ?? (objective.meanwhile && record?.[objective.meanwhile]);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
