/** `softdraw sweep EXPERIMENT --set NAME=VALUES` */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { leaveOut } from "@softdraw/experiments/data/folds";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import { type BaseConfig, type EpochRecord, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { checkScopes } from "@softdraw/experiments/training/scopes";
import Table from "cli-table3";
import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { Interrupted, WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { removeTemporaryFiles, unlessMissing, writeAtomically } from "../runs/files.ts";
import { takeLock } from "../runs/lock.ts";
import { createRun, makeUniqueFolder, openRun } from "../runs/run.ts";
import { conduct, readOutcomes } from "../sweeps/conduct.ts";
import type { Executor } from "../sweeps/executor.ts";
import { readSweep, writeSweep } from "../sweeps/folder.ts";
import { describeValues, namesOf } from "../sweeps/parameters.ts";
import type { Trained } from "../sweeps/report.ts";
import { epochsOf, strategyOf } from "../sweeps/strategy.ts";
import type { Standing, Summary } from "../sweeps/summary.ts";
import {
  type Assignment,
  combinationsOf,
  countTrials,
  MOST_TRIALS,
  type Outcome,
  type SweepDefinition,
  type Trial,
  trialsOf,
} from "../sweeps/sweep.ts";
import { onDevice, trainCommand } from "../training/command.ts";
import { loadData } from "../training/data.ts";
import { usedDevice } from "../training/engine.ts";
import { describeChange, reloadExperiment } from "../training/own-experiment.ts";
import type { Reporter } from "../training/reporter.ts";
import { type Finished, runInfo, trainRun } from "../training/training.ts";
import { begin } from "./common-options.ts";
import { addConfigurationOptions, readConfiguration } from "./configuration.ts";
import { addExecutorOptions, type ExecutorOptions, type ExecutorSource, openExecutors } from "./executors.ts";
import { addNamed, addOwn } from "./own.ts";
import { findExperiment } from "./run-folders.ts";
import { stopOnSignal } from "./signals.ts";
import { addDefinitionOptions, type DefinitionOptions, defineSweep } from "./sweep-definition.ts";

const SWEEPS_FOLDER = "sweeps";
const WINNER = "winner";

interface RunningOptions extends ExecutorOptions {
  readonly json?: boolean;
  readonly winner: boolean;
}

interface Options extends RunningOptions, DefinitionOptions {
  readonly sweepsDir: string;
}

export async function addSweep(program: Command, args: readonly string[]): Promise<void> {
  const sweep = program
    .command("sweep")
    .argument("[experiment]", "what to train, with options of its own")
    .option("--resume <folder>", "continue a sweep that was stopped or killed");
  addRunningOptions(sweep);
  const calls = experiments.map(({ name }) => `\n  softdraw sweep ${name} --help`);
  sweep.addHelpText(
    "after",
    `\nExamples:${calls.join("")}\n  softdraw sweep ./mine.mjs --help\n  softdraw sweep --resume sweeps/vae-2026-01-31-4k7m2q`,
  );
  sweep.action((name, options) => resumeSweep(name, options));
  for (const experiment of experiments) addExperiment(sweep, experiment, experiment.name);
  await addOwn("sweep", args, (experiment, path) => addExperiment(sweep, experiment, path));
}

/** @param calledBy its name, or the path of its module as it was given */
function addExperiment(sweep: Command, experiment: Experiment, calledBy: string): void {
  const command = addNamed(sweep, calledBy).description(`sweep: ${experiment.summary}`);
  addDefinitionOptions(command)
    .option("--sweeps-dir <path>", "folder of the sweep folders", SWEEPS_FOLDER)
    .configureHelp({ showGlobalOptions: true });
  addConfigurationOptions(command, experiment);
  command.addHelpText("after", examples(calledBy));
  // How a sweep is run, such as with --workers, are options of the command above this one, wherever they stand in the line.
  command.action(() => sweepExperiment(experiment, command.optsWithGlobals()));
}

function addRunningOptions(command: Command): void {
  addExecutorOptions(command)
    .option("--no-winner", "do not train the winner on all the training data in the end")
    .option("--json", "print one JSON record a line");
}

function examples(calledBy: string): string {
  return `
Examples:
  softdraw sweep ${calledBy} --set temperature=0.3,0.5,1 --seeds 3
  softdraw sweep ${calledBy} --set 'temperature=log-uniform(0.1, 2)' --draws 20 --halving

Distributions: uniform(from, to), log-uniform(from, to), integers(from, to), log-integers(from, to).
All other options are those of softdraw train ${calledBy}, and hold for every combination.`;
}

// From its options -----------------------------------------------------------------------------------------------------

async function sweepExperiment(
  family: Experiment,
  options: Options & Readonly<Record<string, unknown>>,
): Promise<void> {
  const config = await readConfiguration(family, options);
  const defined = defineSweep(family, config, options);
  const reporter = await begin(options, experimentFor(family, config), config);
  const definition = { ...defined, command: onDevice(defined.command, usedDevice().device) };
  let executors: ExecutorSource | undefined;
  try {
    const trials = await plan(definition, family);
    const data = await loadData(config, reporter);
    checkGiven(trials, family, [...Object.keys(options), ...definition.parameters.flatMap(namesOf)]);
    checkTrials(trials, family, data);
    executors = await openExecutors(options, family, reporter.say);
    const folder = await makeUniqueFolder(options.sweepsDir, `${family.name}-${definition.created.slice(0, 10)}`);
    await writeSweep(folder, definition);
    await trainSweep({ folder, definition, family, trials, options, executors, reporter });
  } finally {
    executors?.close();
    reporter.close();
  }
}

/** @throws WrongCall for more trials than a sweep may have, before any of them is made */
async function plan(definition: SweepDefinition, family: Experiment): Promise<Trial[]> {
  const { combinations, trials } = countTrials(definition);
  if (trials > MOST_TRIALS) {
    const { seeds, folds } = definition;
    const [most, got, each] = [MOST_TRIALS, trials, combinations].map((count) => formatNumber(count, 0));
    throw new WrongCall(
      `--set: expected at most ${most} trials, got ${got}: ${each} combinations x ${seeds} seeds x ${Math.max(1, folds)} ` +
        "held-out parts. Draw some of the combinations at random: --draws 1000",
    );
  }
  return trialsOf(definition, await combinationsOf(definition), family);
}

/** What cannot be trained is the caller's mistake, and leaves no folder. */
function checkTrials(trials: readonly Trial[], family: Experiment, data: DatasetSplits): void {
  const checked = new Set<number>();
  for (const { combination, values, config } of trials) {
    if (checked.has(combination)) continue;
    checked.add(combination);
    try {
      const split = config.fold === undefined ? data : leaveOut(data, config.fold);
      experimentFor(family, config).check(config, { data: split });
    } catch (error) {
      throw new WrongCall(`${describeValues(values)}: ${(error as Error).message}`);
    }
  }
}

/** What says nothing in any trial would be forgotten; what says something in some of them is as it was meant. */
function checkGiven([first, ...rest]: readonly Trial[], family: Experiment, given: readonly string[]): void {
  const configs = [first!, ...rest].map(({ config }) => config);
  try {
    checkScopes(experimentFor(family, first!.config), configs, given);
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

// The sweep ----------------------------------------------------------------------------------------------------------

async function resumeSweep(
  name: string | undefined,
  { resume: folder, ...options }: RunningOptions & { resume?: string },
): Promise<void> {
  if (name !== undefined) findExperiment(name);
  if (folder === undefined) {
    throw new WrongCall(
      `Expected an experiment, ${experiments.map(({ name }) => name).join(", ")}, or --resume <folder>.`,
    );
  }
  const definition = await readSweep(folder).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
  if (definition.version !== packageJson.version) {
    throw new Error(
      `${folder} was begun by version ${foreignText(definition.version)}, and this is ${packageJson.version}.`,
    );
  }
  const family = await experimentOfSweep(definition);
  const trials = await plan(definition, family);
  const reporter = await begin(options, experimentFor(family, trials[0]!.config), trials[0]!.config);
  let executors: ExecutorSource | undefined;
  try {
    executors = await openExecutors(options, family, reporter.say);
    await trainSweep({ folder, definition, family, trials, options, executors, reporter });
  } finally {
    executors?.close();
    reporter.close();
  }
}

/**
 * What a sweep is of.
 *
 * @throws Error for a module that has changed: its trials would not be comparable
 */
async function experimentOfSweep({ experiment, module }: SweepDefinition): Promise<Experiment> {
  if (module === undefined) return findExperiment(experiment);
  const family = await reloadExperiment({ experiment, module });
  const change = describeChange(module, family.module);
  if (change === undefined) return family;
  throw new Error(`${change}. Trials of the two would not compare: begin a new sweep, or take the change back.`);
}

interface Sweeping {
  readonly folder: string;
  readonly definition: SweepDefinition;
  readonly family: Experiment;
  readonly trials: readonly Trial[];
  readonly options: RunningOptions;
  readonly executors: ExecutorSource;
  readonly reporter: Reporter;
}

/** Trains what is left of a sweep, reports it, and trains the winner. */
async function trainSweep(sweep: Sweeping): Promise<void> {
  const { folder, definition, family, trials, options, executors, reporter } = sweep;
  const experiment = experimentFor(family, trials[0]!.config);
  const release = await takeLock(join(folder, "lock"));
  let executor: Executor | undefined;
  try {
    await removeTemporaryFiles(folder);
    executor = await executors.executorFor(folder);
    const combinations = new Set(trials.map(({ combination }) => combination)).size;
    reporter.say(`${definition.command}\nSweep: ${folder}, ${trials.length} trials of ${combinations} combinations`);
    reporter.record("sweep", { sweep: folder, command: definition.command, trials: trials.length });
    const stop = stopOnSignal(reporter);
    // Imported late, because what draws takes as long to load as all the rest.
    const { summarize } = await import("../sweeps/summary.ts");
    const { combinationCells, sweepReport } = await import("../sweeps/report.ts");
    const report = join(folder, "sweep.html");
    const write = async (trained?: Trained) => {
      const summary = await summarize(folder, trials, await readOutcomes(folder), experiment);
      await writeAtomically(report, sweepReport(folder, definition, family, experiment, summary, trained));
      return summary;
    };
    // A sweep that is stopped has a page, too: of what it has found so far.
    const throughQueue = options.queue !== undefined;
    await conductOn(executor, { folder, definition, trials, experiment, throughQueue, stop, reporter }).finally(() =>
      write(),
    );
    const summary = await write();
    reporter.say(combinationsTable(combinationCells(summary.standings, experiment, definition)));
    sayWinner(summary, trials, family, experiment, reporter);
    if (options.winner && summary.winner && !isOnTest(definition)) {
      const config = winnerConfig(summary.winner, trials);
      const { results } = await trainWinner(folder, family, config, reporter, stop);
      await write({ results, report: `${WINNER}/report.html` });
    }
    reporter.say(`Report: ${report}`);
    reporter.record("finished", { sweep: folder, report });
    if (!summary.winner) throw new Error(`No combination was trained to its end without failing. See ${folder}.`);
  } finally {
    await executor?.close();
    await release();
  }
}

/** Whether its trials are trainings on all the training data, of which the winner would be another one. */
function isOnTest({ folds, config }: SweepDefinition): boolean {
  return folds === 0 && config.data !== undefined;
}

function combinationsTable({ head, rows }: { head: string[]; rows: string[][] }): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

interface Conducting {
  readonly folder: string;
  readonly definition: SweepDefinition;
  readonly trials: readonly Trial[];
  readonly experiment: Experiment;
  readonly throughQueue: boolean;
  readonly stop: AbortSignal;
  readonly reporter: Reporter;
}

async function conductOn(executor: Executor, sweep: Conducting): Promise<void> {
  const { folder, definition, trials, experiment, throughQueue, stop, reporter } = sweep;
  const { discrete } = experiment.objectives;
  const strategy = strategyOf(definition, trials, discrete.goal);
  const byNumber = new Map(trials.map((trial) => [trial.number, trial]));
  const total = epochsOf(definition, trials);
  /** The epochs so far of every trial that has begun, and the trials that have ended, if only for now. */
  const epochs = new Map<number, number>();
  const done = new Set<number>();
  const note = ({ trial, epochs: reached = byNumber.get(trial)!.config.epochs }: Outcome) => {
    epochs.set(trial, reached);
    done.add(trial);
  };
  for (const outcome of await readOutcomes(folder)) note(outcome);
  const draw = () => {
    const sum = Array.from(epochs.values()).reduce((sum, count) => sum + count, 0);
    reporter.progress(Math.min(sum, total), total, `${done.size} of ${trials.length} trials`);
  };
  const onEpoch = ({ trial }: Assignment, { epoch }: EpochRecord) => {
    epochs.set(trial, epoch);
    draw();
  };
  const onOutcome = ({ trial }: Assignment, outcome: Outcome) => {
    note(outcome);
    reporter.say(outcomeLine(byNumber.get(trial)!, outcome, experiment));
    reporter.record("outcome", { ...outcome, values: byNumber.get(trial)!.values });
    draw();
  };
  const { objectives } = experiment;
  await conduct({ folder, strategy, executor, objectives, stop, onEpoch, onOutcome }).catch((error) => {
    if (!(error instanceof Interrupted)) throw error;
    // The address of the queue is not repeated: it may have a password.
    const same = throughQueue ? ", and the same --queue" : "";
    const resume = onDevice(`softdraw sweep --resume ${folder}`, usedDevice().device);
    throw new Interrupted(`Stopped. Continue with: ${resume}${same}`);
  });
}

/** Characters of the reason for which a trial failed: it may come from another machine. Ours name folders and options. */
const LONGEST_REASON = 500;

function outcomeLine({ number, values, config }: Trial, outcome: Outcome, { columns, objectives }: Experiment): string {
  const { seed, fold } = config;
  const where = `trial ${number}: ${describeValues(values)}, seed ${seed}${fold === undefined ? "" : `, without part ${fold}`}`;
  if (outcome.state === "failed") return `${where}: failed: ${foreignText(outcome.error ?? "", LONGEST_REASON)}`;
  const { label, digits } = columns.find(({ key }) => key === objectives.discrete.key)!;
  const value = typeof outcome.discrete === "number" ? formatNumber(outcome.discrete, digits) : "not measured";
  return `${where}${outcome.epochs === undefined ? "" : `, epoch ${outcome.epochs}`}: ${label} ${value}`;
}

// The winner ---------------------------------------------------------------------------------------------------------

function winnerConfig({ combination }: Standing, trials: readonly Trial[]): BaseConfig {
  const { fold: _, ...config } = trials.find((trial) => trial.combination === combination)!.config;
  return config;
}

function sayWinner(
  { winner, byRelaxed }: Summary,
  trials: readonly Trial[],
  family: Experiment,
  { columns, objectives }: Experiment,
  reporter: Reporter,
): void {
  if (!winner) return;
  const command = trainCommand(family, winnerConfig(winner, trials), usedDevice().device);
  reporter.say(`\nBest: ${describeValues(winner.values)}\n  ${command}`);
  reporter.record("winner", { values: winner.values, discrete: winner.discrete, command });
  if (!byRelaxed?.discrete || byRelaxed === winner) return;
  const { label, digits } = columns.find(({ key }) => key === objectives.discrete.key)!;
  const relaxed = columns.find(({ key }) => key === objectives.relaxed.key)!.label;
  const means = [byRelaxed, winner].map(({ discrete }) => formatNumber(discrete!.mean, digits));
  reporter.say(
    `By "${relaxed}" it would have been ${describeValues(byRelaxed.values)}: ${label} ${means.join(", not ")}.`,
  );
}

/** As `softdraw train` does, on all the training data: this is the one time that the test set is looked at. */
async function trainWinner(
  folder: string,
  family: Experiment,
  config: BaseConfig,
  reporter: Reporter,
  stop: AbortSignal,
): Promise<Finished> {
  const path = join(folder, WINNER);
  const experiment = experimentFor(family, config);
  const data = await loadData(config, reporter);
  const run = (await unlessMissing(stat(path)))
    ? await openRun(path, { lock: true })
    : await createRun(folder, runInfo(family, config), WINNER);
  try {
    reporter.say("\nTraining it on all the training data:");
    return await trainRun({ run, experiment, config, data, reporter, stop });
  } finally {
    await run.close();
  }
}
