/** Which trial is trained next, and how far. A strategy depends on nothing but the outcomes, in their order. */

import type { Objective } from "@softdraw/experiments/experiment";
import type { Assignment, Outcome, SweepDefinition, Trial } from "./sweep.ts";

export interface Strategy {
  /** What to train next; undefined while that waits for outcomes, and at the end. */
  next(): Assignment | undefined;
  /** Takes in an outcome: also those of an earlier process, before anything is asked for. */
  record(outcome: Outcome): void;
}

export function strategyOf(definition: SweepDefinition, trials: readonly Trial[], goal: Objective["goal"]): Strategy {
  const { experiment, halving } = definition;
  return halving ? successiveHalving(experiment, trials, { ...halving, goal }) : exhaustive(experiment, trials);
}

/** Every trial to its end. */
function exhaustive(experiment: string, trials: readonly Trial[]): Strategy {
  const handed = new Set<number>();
  let upcoming = 0;
  return {
    record: ({ trial }) => void handed.add(trial),
    next() {
      while (upcoming < trials.length && handed.has(trials[upcoming]!.number)) upcoming++;
      const trial = trials[upcoming++];
      return trial && { trial: trial.number, experiment, config: trial.config };
    },
  };
}

interface Halving {
  readonly reduction: number;
  readonly firstEpochs: number;
  readonly goal: Objective["goal"];
}

/**
 * Asynchronous successive halving: every combination is trained to the first rung, a few epochs; of those at a rung, the
 * best of every `reduction` go on to the next, which is `reduction` times as far, as soon as they are seen to be among
 * them. Nobody waits for a rung to fill. The last rung is the whole training.
 *
 * Its trials are those of one combination, one for every seed and part of the data: they go on together, by their mean.
 * How far a combination gets depends on the order in which the others come in; what a trial measures does not.
 *
 * Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar, "A System for Massively Parallel Hyperparameter
 * Tuning", 2020, algorithm 2.
 */
function successiveHalving(experiment: string, trials: readonly Trial[], halving: Halving): Strategy {
  const { reduction, goal } = halving;
  const combinations = byCombination(trials);
  const rungs = rungsOf(trials[0]!.config.epochs, combinations.size, halving);
  const ladder = rungs.map(() => ({
    /** Combinations that may be trained this far, in order. */
    admitted: new Set<number>(),
    handed: new Set<number>(),
    outcomes: new Map<number, Outcome>(),
  }));
  ladder[0]!.admitted = new Set(combinations.keys());
  const combinationOf = new Map(trials.map(({ number, combination }) => [number, combination]));

  const unfinished = (rung: number): Trial | undefined => {
    for (const combination of ladder[rung]!.admitted) {
      const trial = combinations.get(combination)!.find(({ number }) => !ladder[rung]!.handed.has(number));
      if (trial) return trial;
    }
    return undefined;
  };

  /** The combinations at a rung whose trials are all in, best first. */
  const ranked = (rung: number): number[] => {
    const { admitted, outcomes } = ladder[rung]!;
    const sign = goal === "smallest" ? 1 : -1;
    return Array.from(admitted)
      .map((combination) => ({ combination, mean: meanOf(combinations.get(combination)!, outcomes) }))
      .filter((entry): entry is { combination: number; mean: number } => entry.mean !== undefined)
      .sort((a, b) => sign * (a.mean - b.mean) || a.combination - b.combination)
      .map(({ combination }) => combination);
  };

  const admitOne = (rung: number): void => {
    const order = ranked(rung - 1);
    const best = order.slice(0, Math.floor(order.length / reduction));
    const found = best.find((combination) => !ladder[rung]!.admitted.has(combination));
    if (found !== undefined) ladder[rung]!.admitted.add(found);
  };

  return {
    record(outcome) {
      const rung = outcome.epochs === undefined ? rungs.length - 1 : rungs.indexOf(outcome.epochs);
      if (rung < 0) return;
      ladder[rung]!.admitted.add(combinationOf.get(outcome.trial)!);
      ladder[rung]!.handed.add(outcome.trial);
      ladder[rung]!.outcomes.set(outcome.trial, outcome);
    },
    next() {
      for (let rung = rungs.length - 1; rung >= 0; rung--) {
        if (rung > 0 && unfinished(rung) === undefined) admitOne(rung);
        const trial = unfinished(rung);
        if (trial === undefined) continue;
        ladder[rung]!.handed.add(trial.number);
        const epochs = rung === rungs.length - 1 ? undefined : rungs[rung];
        return { trial: trial.number, experiment, config: trial.config, epochs };
      }
      return undefined;
    },
  };
}

/** Epochs that a sweep is going to train, all trials together: what a bar needs. */
export function epochsOf({ halving }: SweepDefinition, trials: readonly Trial[]): number {
  if (!halving) return trials.reduce((sum, { config }) => sum + config.epochs, 0);
  const combinations = byCombination(trials);
  const rungs = rungsOf(trials[0]!.config.epochs, combinations.size, halving);
  const perCombination = trials.length / combinations.size;
  let [total, left, before] = [0, combinations.size, 0];
  for (const rung of rungs) {
    total += left * perCombination * (rung - before);
    [left, before] = [Math.floor(left / halving.reduction), rung];
  }
  return total;
}

function byCombination(trials: readonly Trial[]): Map<number, Trial[]> {
  const groups = new Map<number, Trial[]>();
  for (const trial of trials) {
    const group = groups.get(trial.combination);
    if (group) group.push(trial);
    else groups.set(trial.combination, [trial]);
  }
  return groups;
}

/**
 * Epochs of the rungs, ending with a whole training. There are no more rungs than are reached: at least one of the
 * combinations at the first gets to the last.
 */
function rungsOf(epochs: number, combinations: number, { reduction, firstEpochs }: Omit<Halving, "goal">): number[] {
  const rungs = [epochs];
  for (let left = combinations; left >= reduction; left = Math.floor(left / reduction)) {
    const before = Math.max(firstEpochs, Math.floor(rungs[0]! / reduction));
    if (before >= rungs[0]!) break;
    rungs.unshift(before);
  }
  return rungs;
}

/** Undefined until all trials are in, and where one failed or measured nothing. */
function meanOf(trials: readonly Trial[], outcomes: ReadonlyMap<number, Outcome>): number | undefined {
  let sum = 0;
  for (const { number } of trials) {
    const outcome = outcomes.get(number);
    if (outcome?.state !== "done" || typeof outcome.discrete !== "number") return undefined;
    sum += outcome.discrete;
  }
  return sum / trials.length;
}
