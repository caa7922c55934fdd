/** What a sweep has found: the combinations in their order, by exact and by relaxed measures. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { EpochRecord, Experiment, Objective } from "@softdraw/experiments/experiment";
import { meanWithError } from "@softdraw/experiments/mathematics/statistics";
import jstat from "jstat";
import { unlessMissing } from "../runs/files.ts";
import { openRun } from "../runs/run.ts";
import { measure, TRIALS } from "./conduct.ts";
import type { Values } from "./parameters.ts";
import type { Outcome, Trial } from "./sweep.ts";
import { trialName } from "./trial.ts";

/** A mean over trainings, and its 95 % confidence interval if there are two at least. */
export interface Estimate {
  readonly mean: number;
  /** Half the width of the interval, by Student's t; NaN for one training. */
  readonly halfWidth: number;
  readonly values: readonly number[];
}

/** A combination, with what all of its trials came to. */
export interface Standing {
  readonly combination: number;
  readonly values: Values;
  readonly trials: number;
  readonly failed: number;
  /** Epochs that all its trials were trained for. */
  readonly epochs: number;
  /** Whether all its trials were trained to their end. */
  readonly whole: boolean;
  /** Undefined while any trial is missing or has failed. */
  readonly discrete: Estimate | undefined;
  readonly relaxed: Estimate | undefined;
  /** The discrete measure by epoch, a mean over the trials: to the epoch that the shortest got to. */
  readonly curve: readonly { readonly x: number; readonly y: number }[];
}

export interface Summary {
  /** Best first: whole ones by the discrete mean, then those that were ended early, the longest first, then the rest. */
  readonly standings: readonly Standing[];
  /** The best whole one. */
  readonly winner: Standing | undefined;
  /** The one that the relaxed measure would have chosen. */
  readonly byRelaxed: Standing | undefined;
}

/**
 * @param folder the sweep's
 * @param outcomes those so far, in order
 */
export async function summarize(
  folder: string,
  trials: readonly Trial[],
  outcomes: readonly Outcome[],
  { objectives }: Experiment,
): Promise<Summary> {
  const last = new Map(outcomes.map((outcome) => [outcome.trial, outcome]));
  const groups = new Map<number, Trial[]>();
  for (const trial of trials) groups.set(trial.combination, [...(groups.get(trial.combination) ?? []), trial]);
  const standings: Standing[] = [];
  for (const [combination, group] of groups) {
    const read = await Promise.all(group.map((trial) => (last.has(trial.number) ? readTrial(folder, trial) : [])));
    const records = read.map((trial) => trial ?? []);
    const results = group.map(({ number }) => last.get(number));
    // A trial whose records are damaged by now counts as one that failed, and hides no other.
    const failed = results.filter((outcome, i) => outcome?.state === "failed" || read[i] === undefined).length;
    const epochs = Math.min(...records.map(({ length }) => length));
    const whole = results.every((outcome) => outcome?.state === "done" && outcome.epochs === undefined);
    // At the same epoch for all, also where a part of them was trained on.
    const at = (objective: Objective) => estimateOf(records.map((trial) => measure(trial[epochs - 1], objective)));
    standings.push({
      combination,
      values: group[0]!.values,
      trials: group.length,
      failed,
      epochs,
      whole,
      discrete: failed > 0 ? undefined : at(objectives.discrete),
      relaxed: failed > 0 ? undefined : at(objectives.relaxed),
      curve: meanCurve(records, epochs, objectives.discrete),
    });
  }
  standings.sort(
    (a, b) =>
      Number(b.whole) - Number(a.whole) || b.epochs - a.epochs || better(objectives.discrete, a.discrete, b.discrete),
  );
  const whole = standings.filter((standing) => standing.whole && standing.discrete !== undefined);
  const { relaxed } = objectives;
  const byRelaxed = whole.filter(({ relaxed }) => relaxed).toSorted((a, b) => better(relaxed, a.relaxed, b.relaxed))[0];
  return { standings, winner: whole[0], byRelaxed };
}

/** The order of two estimates, the better first, and one that is missing last. */
function better({ goal }: Objective, a: Estimate | undefined, b: Estimate | undefined): number {
  if (!a || !b) return Number(!a) - Number(!b);
  return goal === "smallest" ? a.mean - b.mean : b.mean - a.mean;
}

/** Undefined where they cannot be read. */
async function readTrial(folder: string, { number }: Trial): Promise<EpochRecord[] | undefined> {
  const path = join(folder, TRIALS, trialName(number));
  // A trial that failed before it began has no folder.
  if (!(await unlessMissing(stat(path)))) return [];
  const reading = openRun(path, { lock: false }).then((run) => run.readMetrics());
  return reading.catch(() => undefined);
}

function estimateOf(measured: readonly (number | null)[]): Estimate | undefined {
  const values = measured.filter((value) => value !== null);
  if (values.length === 0 || values.length < measured.length) return undefined;
  const { mean, standardError } = meanWithError(values);
  const halfWidth = values.length > 1 ? jstat.jStat.studentt.inv(0.975, values.length - 1) * standardError : Number.NaN;
  return { mean, halfWidth, values };
}

function meanCurve(records: readonly (readonly EpochRecord[])[], epochs: number, objective: Objective) {
  return Array.from({ length: epochs }, (_, epoch) => {
    const measured = records.map((trial) => measure(trial[epoch], objective));
    return { x: epoch + 1, y: estimateOf(measured)?.mean ?? Number.NaN };
  });
}
