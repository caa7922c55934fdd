/** `softdraw train EXPERIMENT` */

import { experiments } from "@softdraw/experiments/all";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import { type BaseConfig, type Experiment, experimentFor } from "@softdraw/experiments/experiment";
import { checkScopes } from "@softdraw/experiments/training/scopes";
import type { Command } from "commander";
import { WrongCall } from "../errors.ts";
import { loadData } from "../training/data.ts";
import { beginRun, trainRun } from "../training/training.ts";
import { addCommonOptions, begin, type CommonOptions, RUNS_FOLDER } from "./common-options.ts";
import { addConfigurationOptions, readConfiguration } from "./configuration.ts";
import { addNamed, addOwn } from "./own.ts";
import { stopOnSignal } from "./signals.ts";

export async function addTrain(program: Command, args: readonly string[]): Promise<void> {
  const train = program.command("train");
  const calls = experiments.map(({ name }) => `\n  softdraw train ${name} --help`);
  train.addHelpText("after", `\nExamples:${calls.join("")}\n  softdraw train ./mine.mjs --help`);
  for (const experiment of experiments) addExperiment(train, experiment, experiment.name);
  await addOwn("train", args, (experiment, path) => addExperiment(train, experiment, path));
}

/** @param calledBy its name, or the path of its module as it was given */
function addExperiment(train: Command, experiment: Experiment, calledBy: string): void {
  const command = addNamed(train, calledBy).description(experiment.summary);
  addConfigurationOptions(command, experiment);
  command.option("--runs-dir <path>", "folder of the run folders", RUNS_FOLDER);
  addCommonOptions(command).addHelpText("after", examples(experiment, calledBy));
  command.action((options) => trainExperiment(experiment, options));
}

async function trainExperiment(
  family: Experiment,
  options: CommonOptions & Record<string, unknown> & { runsDir: string },
): Promise<void> {
  const config = await readConfiguration(family, options);
  const experiment = experimentFor(family, config);
  const reporter = await begin(options, experiment, config);
  try {
    const data = await loadData(config, reporter);
    checkConfiguration(experiment, config, data, Object.keys(options));
    const run = await beginRun(options.runsDir, family, config);
    try {
      const { command } = run.info;
      reporter.say(`${command}\nRun: ${run.path}`);
      reporter.record("run", { run: run.path, command });
      await trainRun({ run, experiment, config, data, reporter, stop: stopOnSignal(reporter) });
    } finally {
      await run.close();
    }
  } finally {
    reporter.close();
  }
}

/** What does not fit the data is the caller's mistake, and leaves no run folder. */
function checkConfiguration(
  experiment: Experiment,
  config: BaseConfig,
  data: DatasetSplits,
  given: readonly string[],
): void {
  try {
    checkScopes(experiment, [config], given);
    experiment.check(config, { data });
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

function examples({ schema, tasks = {} }: Experiment, calledBy: string): string {
  const readsData = schema.parse({}).data !== undefined;
  const calls = [
    { options: "", says: readsData ? "on the embedded digits" : "as the defaults say" },
    ...Object.entries(tasks)
      .slice(1)
      .map(([task, { title }]) => ({ options: ` --task ${task}`, says: title })),
    ...(readsData ? DATA_EXAMPLES : []),
    { options: " --config options.json --json | jq .", says: "options from a file, records for a program" },
  ];
  const width = Math.max(...calls.map(({ options }) => options.length));
  const lines = calls.map(({ options, says }) => `\n  softdraw train ${calledBy}${options.padEnd(width)}  ${says}`);
  return `
Examples:${lines.join("")}

An option given here counts before one of --config, and that before one of --preset.`;
}

const DATA_EXAMPLES = [
  { options: " --data mnist", says: "on the full MNIST, downloaded once" },
  { options: " --data mnist --data-dir ~/data/mnist", says: "on files that are there already" },
  { options: " --data photographs --size 28 --grey", says: "on a folder of pictures" },
];
