/** `softdraw eval RUN` */

import { setImmediate as nextTurn } from "node:timers/promises";
import { experiments } from "@softdraw/experiments/all";
import type { Experiment } from "@softdraw/experiments/experiment";
import { type Field, fieldsOf } from "@softdraw/experiments/fields";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";
import { WrongCall } from "../errors.ts";
import type { Run } from "../runs/run.ts";
import { kebab } from "../training/command.ts";
import { loadData } from "../training/data.ts";
import { trainedModel } from "../training/trained.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { seedOption, wholeNumber } from "./parsers.ts";
import { dataOption, openRunToRead, readRunConfig, withDataAt } from "./run-folders.ts";

interface Options extends CommonOptions {
  readonly data?: string;
  readonly examples?: number;
  readonly seed: number;
}

/** An option that the evaluations of some experiments have. */
interface OwnOption {
  readonly name: string;
  readonly field: Field;
  readonly schema: z.ZodType;
  readonly experiments: readonly string[];
}

/** Fresh examples may be asked for without end; these take hours. */
const MOST_EXAMPLES = 10_000_000;

export function addEvaluate(program: Command): void {
  const command = program.command("eval").argument("<run>", "run folder");
  for (const option of ownOptions()) command.addOption(commandOption(option));
  command
    .option("--examples <number>", "test examples, default all", wholeNumber(1, MOST_EXAMPLES))
    .addOption(seedOption("seed of the samples"))
    .addOption(dataOption());
  addCommonOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  softdraw eval runs/vae-2026-01-31-4k7m2q --importance-samples 1000 --examples 1000",
    )
    .action(evaluate);
}

async function evaluate(path: string, options: Options & Readonly<Record<string, unknown>>): Promise<void> {
  const run = await openRunToRead(path);
  const { experiment, config } = await readRunConfig(run);
  const own = ownValues(run, experiment, options);
  const reporter = await begin(options, experiment, config);
  try {
    const data = await loadData(withDataAt(config, options.data), reporter);
    const trained = await trainedModel(run, experiment, config, data);
    const { examples, seed } = options;
    const onProgress = async (done: number, total: number) => {
      reporter.progress(done, total);
      await nextTurn();
    };
    reporter.results(await experiment.evaluate(trained, data, { examples, seed, onProgress, own }));
  } finally {
    reporter.close();
  }
}

/** What was given of the options that only some experiments have; one that would do nothing is the caller's mistake. */
function ownValues(
  { path }: Run,
  experiment: Experiment,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const options = ownOptions().filter(({ name }) => given[name] !== undefined);
  for (const { name, experiments } of options) {
    if (experiments.includes(experiment.name)) continue;
    throw new WrongCall(
      `--${kebab(name)}: only ${experiments.join(", ")} has that, and ${path} is a run of ${experiment.name}.`,
    );
  }
  return Object.fromEntries(options.map(({ name }) => [name, given[name]]));
}

/** All options of evaluations, each with the experiments that have it. */
function ownOptions(): OwnOption[] {
  const all = experiments.flatMap(({ name: experiment, evaluationOptions }) => {
    if (evaluationOptions === undefined) return [];
    const fields = fieldsOf({ schema: evaluationOptions });
    return Object.entries(fields).map(([name, field]) => ({
      name,
      field,
      schema: evaluationOptions.shape[name] as z.ZodType,
      experiment,
    }));
  });
  const names = [...new Set(all.map(({ name }) => name))];
  return names.map((name) => {
    const having = all.filter((option) => option.name === name);
    return { ...having[0]!, experiments: having.map(({ experiment }) => experiment) };
  });
}

/** Without a default, so that what was given can be told from what was not. */
function commandOption({ name, field, schema, experiments }: OwnOption): Option {
  const description = `${field.description}, default ${field.default}; for ${experiments.join(", ")} only`;
  return new Option(`--${kebab(name)} <number>`, description).argParser((text) => {
    const { data, error } = schema.safeParse(text.trim() === "" ? text : Number(text));
    if (error) throw new InvalidArgumentError(`${error.issues[0]!.message}.`);
    return data;
  });
}
