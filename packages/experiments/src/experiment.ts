/** What every experiment offers to the command line, the page and the tests, and how it is put together. */

import type { numpy as np } from "@jax-js/jax";
import type { z } from "zod";
import type { Checkpoint } from "./checkpoint/safetensors.ts";
import { type Column, type EpochRecord, type RecordOf, type Result, resultsOf, seriesOf } from "./columns.ts";
import type { DatasetSplits } from "./data/types.ts";
import type { Parameters } from "./nn/adam.ts";
import type { LineChart, Series } from "./report/charts.ts";
import type { Picture } from "./report/pixels.ts";
import { type EpochEnd, run, type Training } from "./training/loop.ts";
import { checkCheckpoint } from "./training/position.ts";
import type { Scope } from "./training/scopes.ts";

export type { Column, EpochRecord, Result } from "./columns.ts";

export interface Experiment<Config extends BaseConfig = BaseConfig> {
  /** As in `softdraw train NAME`. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly references: readonly Reference[];
  /** The configuration: a flat object whose every field has a default and a description. */
  readonly schema: z.ZodType<Config>;
  /** Named sets of values other than the defaults. */
  readonly presets: Presets<Config>;
  /** Options that say nothing in some configurations, where a call that gives them is refused. */
  readonly scopes?: readonly Scope[];
  /** What is reported an epoch, in order. */
  readonly columns: readonly Column[];
  /**
   * By what a configuration is chosen: a discrete measure, of exact choices; and what training sees in its place, the
   * relaxed one, which would choose otherwise. Where not every epoch takes the discrete one, `meanwhile` stands in for it.
   */
  readonly objectives: Objectives;
  /**
   * Refuses what cannot be trained, before any work.
   *
   * @throws Error saying what was expected and what came, for a configuration that does not fit the data, and for a
   * checkpoint that another configuration or program wrote
   */
  check(config: Config, context: Context): void;
  /** Trains, and yields after every step. Stopping to ask for the next event stops the training. */
  run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void>;
  /** The headline numbers of a training, most important first. */
  results(records: readonly EpochRecord[]): Result[];
  charts(records: readonly EpochRecord[]): Chart[];
  /** What the trained model does, in pictures. */
  pictures(trained: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]>;
  /** Options of the evaluation that only this experiment has: a flat object of fields with defaults and descriptions. */
  readonly evaluationOptions?: z.ZodObject;
  /** Judges the trained model on the test set. */
  evaluate(trained: Trained<Config>, data: DatasetSplits, options: EvaluationOptions): Promise<Result[]>;
  /**
   * Where several tasks share a name: each is an experiment by itself, and the configuration's `task` says which it is. The
   * rest of this experiment is that of the first, but for a schema that has the options of all: see `experimentFor`.
   */
  readonly tasks?: Readonly<Record<string, Experiment>>;
  /** Of an experiment that is none of the list: the module that it was loaded from. */
  readonly module?: ModuleFile;
}

/** A module as it was when it was loaded. */
export interface ModuleFile {
  /** The whole path. */
  readonly path: string;
  /** SHA-256 of its text, in hexadecimal digits; what it imports has none. */
  readonly checksum: string;
}

/** What an experiment says of itself: results and charts follow from its columns. */
interface Definition<Config extends BaseConfig, Columns extends readonly Column[]>
  extends Omit<Experiment<Config>, "columns" | "results" | "charts" | "objectives" | "tasks" | "module"> {
  readonly columns: Columns;
  readonly objectives: Objectives<Columns[number]["key"]>;
  /** The columns that are its results, most important first. */
  readonly headlines: readonly Columns[number]["key"][];
  /** Their lines are over the epochs. */
  charts(series: SeriesOf<Columns>): EpochChart[];
}

/** Makes the line of a column over the epochs. */
export type SeriesOf<Columns extends readonly Column[]> = (name: string, key: Columns[number]["key"]) => Series;

/**
 * An experiment, of what it says of itself: what it reports follows from its columns. The default export of a module that is made
 * by this can be trained by `softdraw train ./mine.mjs`.
 */
export function defineExperiment<Config extends BaseConfig, const Columns extends readonly Column[]>({
  headlines,
  charts,
  ...rest
}: Definition<Config, Columns>): Experiment<Config> {
  const keys: readonly string[] = rest.columns.map(({ key }) => key);
  const unknown = headlines.find((key) => !keys.includes(key));
  // A program in JavaScript would hear of it when all is trained.
  if (unknown !== undefined)
    throw new RangeError(`headlines: expected keys of the columns, ${keys.join(", ")}, got "${unknown}".`);
  return {
    ...rest,
    results(records) {
      const last = records.at(-1);
      return last ? resultsOf(rest.columns, headlines, last) : [];
    },
    charts: (records) =>
      charts(seriesOf(records)).map(({ title, caption, ...lines }) => ({
        title,
        caption,
        x: { label: "epoch" },
        ...lines,
      })),
  };
}

/**
 * Checking and training by the one loop.
 *
 * @param _columns those of the experiment, for their type: an epoch's record has their numbers
 * @param trainingOf refuses a configuration that does not fit the data, and says what is trained
 */
export function trainedByLoop<
  Config extends BaseConfig,
  const Columns extends readonly Column[],
  State extends Parameters,
  Batch extends Parameters | np.Array,
  Settings extends { readonly temperature: number },
>(
  _columns: Columns,
  trainingOf: (
    config: Config,
    context: Context,
  ) => Omit<Training<State, Batch, Settings>, "measure"> & {
    measure(state: State, epoch: EpochEnd): Promise<RecordOf<Columns>>;
  },
): Pick<Experiment<Config>, "check" | "run"> {
  return {
    check(config, context) {
      const training = trainingOf(config, context);
      // It was made for what it refuses; nothing is compiled before the first step.
      training.update.dispose();
      if (context.checkpoint) checkCheckpoint(training, context.checkpoint);
    },
    async *run(config, context) {
      yield* run(trainingOf(config, context), context.checkpoint);
    },
  };
}

/** The experiment that a configuration is of: its task, where there are several. */
export function experimentFor(experiment: Experiment, { task }: BaseConfig): Experiment {
  return (task === undefined ? undefined : experiment.tasks?.[task]) ?? experiment;
}

/** What every configuration has. */
export interface BaseConfig {
  /** Where an experiment has several. */
  readonly task?: string | undefined;
  /** A data set, or the name of one's own data in `dataDir`. Absent where an experiment makes its own as it trains. */
  readonly data?: string | undefined;
  /** Where one's own data is: a folder, or a file. */
  readonly dataDir?: string | undefined;
  /** What is made of the pictures of one's own data: squares of so many pixels a side, and grey ones. */
  readonly size?: number | undefined;
  readonly grey?: boolean | undefined;
  /** The share of one's own data that is kept for tests, where it has no test set. */
  readonly testShare?: number | undefined;
  /** The part of the training data that is measured on in place of the test data, such as "2/5". */
  readonly fold?: string | undefined;
  readonly seed: number;
  /** Records that a training yields, unless it has more parts than one. */
  readonly epochs: number;
}

export type Presets<Config> = Readonly<
  Record<string, { readonly description: string; readonly values: Partial<Config> }>
>;

export interface Reference {
  readonly text: string;
  readonly url?: string;
}

export interface Objectives<Key extends string = string> {
  readonly discrete: Objective<Key> & { readonly meanwhile?: Key };
  readonly relaxed: Objective<Key>;
}

/** A column by which configurations are compared. */
export interface Objective<Key extends string = string> {
  readonly key: Key;
  readonly goal: "smallest" | "largest";
}

export type Chart = LineChart & { readonly caption: string };

/** A chart of lines over the epochs. */
export type EpochChart = Omit<Chart, "x">;

export interface Context {
  readonly data: DatasetSplits;
  /** Where an earlier training stopped; without it, training begins. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Asked before every step: a temperature in place of the schedule's; undefined leaves it to that. */
  readonly temperatureOverride?: (() => number | undefined) | undefined;
}

export interface TrainingEvent {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, from 1. */
  readonly step: number;
  readonly steps: number;
  /** What the step minimized. */
  readonly loss: number;
  readonly temperature: number;
  /** Examples seen in this step. */
  readonly examples: number;
  /** With the last step of an epoch. */
  readonly record?: EpochRecord | undefined;
  /** The state after this step, to continue from. To be called before the next event is asked for. */
  checkpoint(): Promise<Checkpoint>;
}

export interface Trained<Config> {
  readonly config: Config;
  readonly checkpoint: Checkpoint;
}

export interface NamedPicture {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly alt: string;
  readonly picture: Picture;
  /** The same in lines of text, for a terminal, where it can be had. */
  readonly text?: readonly string[];
}

export interface EvaluationOptions {
  /** How many test examples; all when it is not given. */
  readonly examples?: number | undefined;
  readonly seed: number;
  readonly onProgress?: Progress | undefined;
  /** Values of the experiment's own `evaluationOptions`. */
  readonly own?: Readonly<Record<string, unknown>> | undefined;
}

export type Progress = (done: number, total: number) => void | Promise<void>;
