/** `softdraw sweep EXPERIMENT --set NAME=VALUES` */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { leaveOut } from "@softdraw/experiments/data/folds";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import { type BaseConfig, type EpochRecord, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { LARGEST_SEED } from "@softdraw/experiments/training/configuration";
import { type Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { unlessMissing, writeAtomically } from "../runs/files.ts";
import { takeLock } from "../runs/lock.ts";
import { createRun, makeUniqueFolder, openRun } from "../runs/run.ts";
import { conduct, readOutcomes } from "../sweeps/conduct.ts";
import type { Executor } from "../sweeps/executor.ts";
import { readSweep, writeSweep } from "../sweeps/folder.ts";
import { isList, type Parameter } from "../sweeps/parameters.ts";
import { epochsOf, strategyOf } from "../sweeps/strategy.ts";
import type { Standing, Summary } from "../sweeps/summary.ts";
import {
  type Assignment,
  combinationsOf,
  type Outcome,
  type SweepDefinition,
  type Trial,
  trialsOf,
} from "../sweeps/sweep.ts";
import { type Finished, trainRun } from "../training/training.ts";
import { Interrupted, WrongCall } from "./errors.ts";
import {
  addConfigurationOptions,
  configurationFlags,
  kebab,
  quote,
  readConfiguration,
  trainCommand,
  wholeNumber,
} from "./options.ts";
import { formatNumber, type Reporter } from "./output.ts";
import { addPlaceOptions, openPlace, type Place, type PlaceOptions } from "./places.ts";
import { describeValues, parseSetting } from "./settings.ts";
import { begin, findExperiment, loadData, stopOnSignal } from "./shared.ts";
import type { Trained } from "./sweep-report.ts";

const SWEEPS_FOLDER = "sweeps";
const WINNER = "winner";

interface RunningOptions extends PlaceOptions {
  readonly json?: boolean;
  readonly winner: boolean;
}

interface Options extends RunningOptions {
  readonly set?: readonly string[];
  readonly draws?: number;
  readonly seeds: number;
  readonly folds?: number;
  readonly halving?: boolean;
  readonly reduction: number;
  readonly firstEpochs: number;
  readonly sweepsDir: string;
}

export function addSweep(program: Command): void {
  const sweep = program
    .command("sweep")
    .description("train many configurations and choose the best, by exact measures on held-out training data")
    .argument("[experiment]", "what to train, with options of its own")
    .option("--resume <folder>", "continue a sweep that was stopped or killed");
  addRunningOptions(sweep);
  const calls = experiments.map(({ name }) => `\n  softdraw sweep ${name} --help`);
  sweep.addHelpText("after", `\nExamples:${calls.join("")}\n  softdraw sweep --resume sweeps/vae-2026-01-31-4k7m2q`);
  sweep.action((name, options) => resumeSweep(name, options));
  for (const experiment of experiments) addExperiment(sweep, experiment);
}

function addExperiment(sweep: Command, experiment: Experiment): void {
  const command = sweep.command(experiment.name).description(`sweep: ${experiment.summary}`);
  command
    .option("--set <name=values>", "what to vary: values separated by commas, or a distribution; repeatable", collect)
    .addOption(number("--draws <number>", "combinations to draw at random, rather than all of the values", 1))
    .addOption(number("--seeds <number>", "trainings of each combination, with seeds from --seed on", 1).default(1))
    .addOption(number("--folds <number>", "parts that the training data is split into, each held out once", 2))
    .option("--halving", "end what does badly early: asynchronous successive halving")
    .addOption(number("--reduction <number>", "of so many, one goes on to the next rung", 2).default(3))
    .addOption(number("--first-epochs <number>", "epochs of the first rung, at least", 1).default(1))
    .option("--sweeps-dir <path>", "folder of the sweep folders", SWEEPS_FOLDER)
    .configureHelp({ showGlobalOptions: true });
  addConfigurationOptions(command, experiment);
  command.addHelpText("after", examples(experiment));
  // How a sweep is run is said to the command above, wherever in the line it stands.
  command.action(() => sweepExperiment(experiment, command.optsWithGlobals()));
}

function addRunningOptions(command: Command): void {
  addPlaceOptions(command)
    .option("--no-winner", "do not train the winner on all the training data in the end")
    .option("--json", "print one JSON record a line");
}

function number(flags: string, description: string, lowest: number, highest?: number): Option {
  return new Option(flags, description).argParser(wholeNumber(lowest, highest));
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function examples({ name }: Experiment): string {
  return `
Examples:
  softdraw sweep ${name} --set temperature=0.3,0.5,1 --seeds 3
  softdraw sweep ${name} --set 'temperature=log-uniform(0.1, 2)' --draws 20 --halving

Distributions: uniform(from, to), log-uniform(from, to), integers(from, to), log-integers(from, to).
All other options are those of softdraw train ${name}, and hold for every combination.`;
}

// The definition -----------------------------------------------------------------------------------------------------

async function sweepExperiment(
  family: Experiment,
  options: Options & Readonly<Record<string, unknown>>,
): Promise<void> {
  const config = await readConfiguration(family, options);
  const definition = defineSweep(family, config, options);
  const reporter = await begin(options, experimentFor(family, config));
  let place: Place | undefined;
  try {
    const trials = await plan(definition, family);
    const data = await loadData(config, reporter);
    checkTrials(trials, family, data);
    place = await openPlace(options, reporter.say);
    const folder = await makeUniqueFolder(options.sweepsDir, `${family.name}-${definition.created.slice(0, 10)}`);
    await writeSweep(folder, definition);
    await take(folder, definition, trials, options, place, reporter);
  } finally {
    place?.close();
    reporter.close();
  }
}

/**
 * The sweep that the options ask for.
 *
 * @throws WrongCall naming the option, what was expected and what came
 */
export function defineSweep(family: Experiment, config: BaseConfig, options: Options): SweepDefinition {
  const parameters = (options.set ?? []).map((text) => parseSetting(text, family, config));
  const { seeds, draws, halving, reduction, firstEpochs } = options;
  checkParameters(parameters, options);
  if (config.fold !== undefined) throw new WrongCall("--fold: a sweep leaves out parts by itself. Use --folds.");
  if (config.seed + seeds - 1 > LARGEST_SEED) {
    throw new WrongCall(
      `--seeds: they go on from --seed ${config.seed}, expected up to ${LARGEST_SEED}, got ${config.seed + seeds - 1}.`,
    );
  }
  if (options.folds !== undefined && config.data === undefined) {
    throw new WrongCall(
      `--folds: ${family.name} makes its data as it trains, and there is nothing to split. Use --seeds.`,
    );
  }
  return {
    ...{ experiment: family.name, version: packageJson.version, created: new Date().toISOString() },
    ...{ command: sweepCommand(family, config, options), config: { ...config }, parameters, seeds },
    folds: config.data === undefined ? 0 : (options.folds ?? 1),
    ...(draws !== undefined && { draws }),
    ...(halving && { halving: { reduction, firstEpochs } }),
  };
}

function checkParameters(parameters: readonly Parameter[], { draws, halving }: Options): void {
  if (parameters.length === 0)
    throw new WrongCall("--set: expected what to vary, such as --set temperature=0.3,0.5,1.");
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new WrongCall(`--set: ${kebab(twice)} is varied twice.`);
  const drawn = parameters.find((parameter) => !isList(parameter));
  if (drawn && draws === undefined) {
    throw new WrongCall(`--draws: ${kebab(drawn.name)} has a distribution, so say how many combinations to draw.`);
  }
  if (halving && names.includes("epochs")) {
    throw new WrongCall(
      "--halving: the epochs say how far a training has come, and cannot be varied at the same time.",
    );
  }
}

/** The command that asks for the sweep again. */
function sweepCommand(family: Experiment, config: BaseConfig, options: Options): string {
  const { set = [], seeds, folds, draws, halving, reduction, firstEpochs } = options;
  const flags = [
    ...set.map((text) => `--set ${quote(text)}`),
    ...(draws === undefined ? [] : [`--draws ${draws}`]),
    ...(seeds === 1 ? [] : [`--seeds ${seeds}`]),
    ...(folds === undefined ? [] : [`--folds ${folds}`]),
    ...(halving ? ["--halving"] : []),
    ...(halving && reduction !== 3 ? [`--reduction ${reduction}`] : []),
    ...(halving && firstEpochs !== 1 ? [`--first-epochs ${firstEpochs}`] : []),
  ];
  return ["softdraw sweep", family.name, ...configurationFlags(family, config), ...flags].join(" ");
}

async function plan(definition: SweepDefinition, family: Experiment): Promise<Trial[]> {
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
    throw new Error(`${folder} was begun by version ${definition.version}, and this is ${packageJson.version}.`);
  }
  const family = findExperiment(definition.experiment);
  const trials = await plan(definition, family);
  const reporter = await begin(options, experimentFor(family, trials[0]!.config));
  let place: Place | undefined;
  try {
    place = await openPlace(options, reporter.say);
    await take(folder, definition, trials, options, place, reporter);
  } finally {
    place?.close();
    reporter.close();
  }
}

/** Trains what is left of a sweep, reports it, and trains the winner. */
async function take(
  folder: string,
  definition: SweepDefinition,
  trials: readonly Trial[],
  options: RunningOptions,
  place: Place,
  reporter: Reporter,
): Promise<void> {
  const family = findExperiment(definition.experiment);
  const experiment = experimentFor(family, trials[0]!.config);
  const release = await takeLock(join(folder, "lock"));
  let executor: Executor | undefined;
  try {
    executor = await place.executor(folder);
    const combinations = new Set(trials.map(({ combination }) => combination)).size;
    reporter.say(`${definition.command}\nSweep: ${folder}, ${trials.length} trials of ${combinations} combinations`);
    reporter.record("sweep", { sweep: folder, command: definition.command, trials: trials.length });
    const stop = stopOnSignal(reporter);
    // Imported late, because what draws takes as long to load as all the rest.
    const { summarize } = await import("../sweeps/summary.ts");
    const { sweepReport, sweepTable } = await import("./sweep-report.ts");
    const report = join(folder, "sweep.html");
    const write = async (trained?: Trained) => {
      const summary = await summarize(folder, trials, await readOutcomes(folder), experiment);
      await writeAtomically(report, sweepReport(folder, definition, family, experiment, summary, trained));
      return summary;
    };
    // What has been found so far is worth a page also when the sweep is stopped.
    const throughQueue = options.queue !== undefined;
    await conductOn(executor, { folder, definition, trials, experiment, throughQueue, stop, reporter }).finally(() =>
      write(),
    );
    const summary = await write();
    reporter.say(sweepTable(summary, experiment));
    sayWinner(summary, trials, family, experiment, reporter);
    if (options.winner && summary.winner) {
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
  /** Of the trials that are being trained or were: the epochs so far, and which of them are done for now. */
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
    throw new Interrupted(`Stopped. Continue with: softdraw sweep --resume ${folder}${same}`);
  });
}

function outcomeLine({ number, values, config }: Trial, outcome: Outcome, { columns, objectives }: Experiment): string {
  const { seed, fold } = config;
  const where = `trial ${number}: ${describeValues(values)}, seed ${seed}${fold === undefined ? "" : `, without part ${fold}`}`;
  if (outcome.state === "failed") return `${where}: failed: ${outcome.error}`;
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
  const command = trainCommand(family, winnerConfig(winner, trials));
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
  const { version } = packageJson;
  const info = { experiment: family.name, version, created: new Date().toISOString(), config };
  const run = (await unlessMissing(stat(path)))
    ? await openRun(path, { lock: true })
    : await createRun(folder, { ...info, command: trainCommand(family, config) }, WINNER);
  try {
    reporter.say("\nTraining it on all the training data:");
    return await trainRun({ run, experiment, config, data, reporter, stop });
  } finally {
    await run.close();
  }
}
