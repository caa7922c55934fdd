/** What every experiment offers to the command line, the page and the tests. */

import type { z } from "zod";
import type { Checkpoint } from "./checkpoint/safetensors.ts";
import type { DatasetName, DatasetSplits } from "./data/types.ts";
import type { LineChart } from "./report/charts.ts";
import type { Picture } from "./report/pixels.ts";

export interface Experiment<Config extends BaseConfig = BaseConfig> {
  /** As in `softdraw train NAME`. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly references: readonly { readonly text: string; readonly url?: string }[];
  /** The configuration: a flat object whose every field has a default and a description. */
  readonly schema: z.ZodType<Config>;
  /** Named sets of values other than the defaults. */
  readonly presets: Readonly<Record<string, { readonly description: string; readonly values: Partial<Config> }>>;
  /** What is reported an epoch, in order. */
  readonly columns: readonly Column[];
  /**
   * By what a configuration is chosen: a discrete measure, of exact choices; and what training sees in its place, the
   * relaxed one, which would choose otherwise. Where not every epoch takes the discrete one, `meanwhile` stands in for it.
   */
  readonly objectives: { readonly discrete: Objective & { readonly meanwhile?: string }; readonly relaxed: Objective };
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
  charts(records: readonly EpochRecord[]): (LineChart & { readonly caption: string })[];
  /** What the trained model does, in pictures. */
  pictures(trained: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]>;
  /** Those of the evaluation's options that only some experiments have, and this one has. */
  readonly evaluationOptions?: readonly SpecificEvaluationOption[];
  /** Judges the trained model on the test set. */
  evaluate(trained: Trained<Config>, data: DatasetSplits, options: EvaluationOptions): Promise<Result[]>;
  /** New things from the trained model, where it can make any. */
  sample?(trained: Trained<Config>, data: DatasetSplits, options: SampleOptions): Promise<NamedPicture>;
  /**
   * Shuffles any picture and puts it together, where the experiment is about that.
   *
   * @throws RangeError for a picture too small
   */
  solve?(trained: Trained<Config>, data: DatasetSplits, picture: Picture, options: SolveOptions): Promise<Solved>;
  /**
   * Where several tasks share a name: each is an experiment by itself, and the configuration's `task` says which it is. The
   * rest of this experiment is that of the first, but for a schema that has the options of all: see `experimentFor`.
   */
  readonly tasks?: Readonly<Record<string, Experiment>>;
}

/** The experiment that a configuration is of: its task, where there are several. */
export function experimentFor(experiment: Experiment, { task }: BaseConfig): Experiment {
  return (task === undefined ? undefined : experiment.tasks?.[task]) ?? experiment;
}

/** What every configuration has. */
export interface BaseConfig {
  /** Where an experiment has several. */
  readonly task?: string | undefined;
  /** Absent where an experiment makes its own data as it trains. */
  readonly data?: DatasetName | undefined;
  readonly dataDir?: string | undefined;
  /** The part of the training data that is measured on in place of the test data, such as "2/5". */
  readonly fold?: string | undefined;
  readonly seed: number;
  /** Records that a training yields, unless it has more parts than one. */
  readonly epochs: number;
}

/** A column by which configurations are compared. */
export interface Objective {
  readonly key: string;
  readonly goal: "smallest" | "largest";
}

export interface Context {
  readonly data: DatasetSplits;
  /** Where an earlier training stopped; without it, training begins. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Asked before every step: a temperature that is turned by hand, in place of the schedule's; undefined leaves it to that. */
  readonly temperature?: (() => number | undefined) | undefined;
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

/** Numbers by name: `epoch`, and those of the experiment's columns that were measured in this epoch. */
export type EpochRecord = { readonly epoch: number } & Readonly<Partial<Record<string, number>>>;

export interface Column {
  readonly key: string;
  /** As short as a table head. */
  readonly label: string;
  /** What the number is, with its unit. */
  readonly description: string;
  readonly digits: number;
}

export interface Result {
  readonly name: string;
  readonly value: number;
  readonly digits: number;
  readonly unit?: string;
  readonly note?: string;
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
  /** Samples of a bound on the log-likelihood; the experiment has a default. */
  readonly importanceSamples?: number | undefined;
  /** How many test examples; all when it is not given. */
  readonly examples?: number | undefined;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void | Promise<void>;
}

type SpecificEvaluationOption = "importanceSamples";

export interface SampleOptions {
  readonly count: number;
  readonly seed: number;
}

export interface SolveOptions {
  readonly seed: number;
}

/** A picture cut, shuffled and put together, and how many of its pieces are in their place. */
export interface Solved {
  readonly shuffled: Picture;
  readonly solved: Picture;
  readonly right: number;
  readonly pieces: number;
}
