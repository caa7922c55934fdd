/** What a sweep varies and how often it trains each combination, from the command line. */

import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { LARGEST_SEED } from "@softdraw/experiments/training/options";
import { type Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { WrongCall } from "../errors.ts";
import { isList, namesOf, type Parameter } from "../sweeps/parameters.ts";
import type { SweepDefinition } from "../sweeps/sweep.ts";
import { calledBy, configurationFlags, kebab, quote } from "../training/command.ts";
import { wholeNumber } from "./parsers.ts";
import { parseSetting } from "./settings.ts";

export interface DefinitionOptions {
  readonly set?: readonly string[];
  readonly draws?: number;
  readonly seeds: number;
  readonly folds?: number;
  readonly test?: boolean;
  readonly halving?: boolean;
  readonly reduction: number;
  readonly firstEpochs: number;
}

export function addDefinitionOptions(command: Command): Command {
  return command
    .option(
      "--set <name=values>",
      "what to vary: values separated by commas, or a distribution; a/b=1/2,3/4 varies two options together; repeatable",
      collect,
    )
    .addOption(number("--draws <number>", "combinations to draw at random, rather than all of the values", 1))
    .addOption(number("--seeds <number>", "trainings of each combination, with seeds from --seed on", 1).default(1))
    .addOption(number("--folds <number>", "parts that the training data is split into, each held out once", 2))
    .option(
      "--test",
      "train on all the training data and measure on the test set: to report a comparison, not to choose",
    )
    .option("--halving", "end what does badly early: asynchronous successive halving")
    .addOption(number("--reduction <number>", "of so many, one goes on to the next rung", 2).default(3))
    .addOption(number("--first-epochs <number>", "epochs of the first rung, at least", 1).default(1));
}

function number(flags: string, description: string, lowest: number, highest?: number): Option {
  return new Option(flags, description).argParser(wholeNumber(lowest, highest));
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/**
 * The sweep that the options ask for.
 *
 * @throws WrongCall naming the option, what was expected and what came
 */
export function defineSweep(
  family: Experiment,
  config: BaseConfig,
  options: DefinitionOptions & Readonly<Record<string, unknown>>,
): SweepDefinition {
  const parameters = (options.set ?? []).map((text) => parseSetting(text, family, config));
  const { seeds, draws, halving, reduction, firstEpochs } = options;
  checkParameters(parameters, options);
  const both = parameters.flatMap(namesOf).find((name) => options[name] !== undefined);
  if (both !== undefined) {
    throw new WrongCall(`--${kebab(both)}: --set varies it, so leave one of the two out, got ${options[both]}.`);
  }
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
  checkTest(family, config, options);
  return {
    experiment: family.name,
    ...(family.module !== undefined && { module: family.module }),
    version: packageJson.version,
    created: new Date().toISOString(),
    command: sweepCommand(family, config, options),
    config: { ...config },
    parameters,
    seeds,
    folds: config.data === undefined || options.test ? 0 : (options.folds ?? 1),
    ...(draws !== undefined && { draws }),
    ...(halving && { halving: { reduction, firstEpochs } }),
  };
}

function checkTest(family: Experiment, { data }: BaseConfig, { test, folds, halving }: DefinitionOptions): void {
  if (!test) return;
  if (data === undefined) throw new WrongCall(`--test: ${family.name} makes its data, and has no test set.`);
  if (folds !== undefined) throw new WrongCall("--test: nothing is held out, so leave out --folds.");
  if (halving) throw new WrongCall("--test: what is ended early is chosen by its measure. Leave out --halving.");
}

function checkParameters(parameters: readonly Parameter[], { draws, halving }: DefinitionOptions): void {
  if (parameters.length === 0)
    throw new WrongCall("--set: expected what to vary, such as --set temperature=0.3,0.5,1.");
  const names = parameters.flatMap(namesOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
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
function sweepCommand(family: Experiment, config: BaseConfig, options: DefinitionOptions): string {
  const { set = [], seeds, folds, test, draws, halving, reduction, firstEpochs } = options;
  const flags = [
    ...set.map((text) => `--set ${quote(text)}`),
    ...(draws === undefined ? [] : [`--draws ${draws}`]),
    ...(seeds === 1 ? [] : [`--seeds ${seeds}`]),
    ...(folds === undefined ? [] : [`--folds ${folds}`]),
    ...(test ? ["--test"] : []),
    ...(halving ? ["--halving"] : []),
    ...(halving && reduction !== 3 ? [`--reduction ${reduction}`] : []),
    ...(halving && firstEpochs !== 1 ? [`--first-epochs ${firstEpochs}`] : []),
  ];
  return ["softdraw sweep", calledBy(family), ...configurationFlags(family, config), ...flags].join(" ");
}
