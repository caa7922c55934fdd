/**
 * What a sweep is: an experiment's configuration, what is varied of it, and how often each combination is trained.
 *
 * A trial is one training of one combination, with one seed and, if the training data is split, one part left out.
 */

import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { z } from "zod";
import { StoredModule } from "../runs/run.ts";
import { draws, grid, isList, optionsOf, Parameter, type Values } from "./parameters.ts";

export const SweepDefinition = z.strictObject({
  /** As in `softdraw train NAME`. */
  experiment: z.string(),
  /** What it was loaded from, where it is an experiment of one's own. */
  module: StoredModule.optional(),
  /** Softdraw's version: trials of another one would not be comparable. */
  version: z.string(),
  created: z.iso.datetime(),
  /** The command line that asks for the sweep again. */
  command: z.string(),
  /** What is not varied. */
  config: z.record(z.string(), z.unknown()),
  parameters: z.array(Parameter).min(1),
  /** Combinations that are drawn; without it, all of the listed values are taken. */
  draws: z.int().positive().optional(),
  /** Trainings of each combination, with seeds from the configuration's on. */
  seeds: z.int().positive(),
  /**
   * Parts that the training data is split into, each left out once; 1 leaves out the last sixth only, 0 nothing: for data
   * that is made, and where trials are measured on the test set.
   */
  folds: z.int().min(0),
  /** Ends what does badly early. */
  halving: z.strictObject({ reduction: z.int().min(2), firstEpochs: z.int().min(1) }).optional(),
});

export type SweepDefinition = Readonly<z.infer<typeof SweepDefinition>>;

export interface Trial {
  /** From 1. */
  readonly number: number;
  /** Which combination, from 0. */
  readonly combination: number;
  readonly values: Values;
  readonly config: BaseConfig;
}

/** What is left out where the training data is not split for cross-validation: 10,000 images of MNIST's 60,000. */
const HELD_OUT = "6/6";

/** Trials of a sweep at most: each is held in memory, and stands in the report. */
export const MOST_TRIALS = 100_000;

/** How much a sweep would train, without making any of it: there may be more than memory holds. */
export function countTrials({ parameters, draws, seeds, folds }: SweepDefinition) {
  const listed = parameters.filter(isList).reduce((product, { values }) => product * values.length, 1);
  const combinations = draws ?? listed;
  return { combinations, trials: combinations * seeds * Math.max(1, folds) };
}

/** The combinations that a sweep tries, in order. */
export function combinationsOf({ parameters, draws: count, config }: SweepDefinition): Promise<Values[]> {
  return count === undefined ? Promise.resolve(grid(parameters)) : draws(parameters, count, Number(config.seed));
}

/**
 * The trials of a sweep, every combination with one seed before any with the next: the first of them show the whole.
 *
 * @throws z.ZodError for a combination that is no configuration of the experiment
 */
export function trialsOf(
  definition: SweepDefinition,
  combinations: readonly Values[],
  experiment: Experiment,
): Trial[] {
  const { config, seeds, folds } = definition;
  const parts = folds > 1 ? Array.from({ length: folds }, (_, part) => `${part + 1}/${folds}`) : [HELD_OUT];
  const rounds = Array.from({ length: seeds }, (_, seed) =>
    parts.map((fold) => ({ seed: Number(config.seed) + seed, ...(folds > 0 && { fold }) })),
  ).flat();
  return rounds.flatMap((round, r) =>
    combinations.map((values, combination) => ({
      number: r * combinations.length + combination + 1,
      combination,
      values,
      config: experiment.schema.parse({ ...config, ...optionsOf(values), ...round }),
    })),
  );
}

/** A trial up to an epoch: the piece of work that goes to a worker. */
export interface Assignment {
  readonly trial: number;
  readonly experiment: string;
  readonly config: BaseConfig;
  /** Where it is to stop; without it, the training goes to its end. */
  readonly epochs?: number | undefined;
}

/** What became of an assignment, as it is recorded: the order of the records is all that a strategy depends on. */
export const Outcome = z.strictObject({
  trial: z.int().positive(),
  /** The assignment's. */
  epochs: z.int().positive().optional(),
  state: z.enum(["done", "failed"]),
  /** The discrete and the relaxed objective in the end; null where they were not measured or are no number. */
  discrete: z.number().nullable().optional(),
  relaxed: z.number().nullable().optional(),
  /** Why it failed. */
  error: z.string().optional(),
});

export type Outcome = Readonly<z.infer<typeof Outcome>>;
