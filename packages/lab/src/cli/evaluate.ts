/** `softdraw eval RUN` */

import { setImmediate as nextTurn } from "node:timers/promises";
import { experiments } from "@softdraw/experiments/all";
import type { Experiment } from "@softdraw/experiments/experiment";
import type { Command } from "commander";
import type { Run } from "../runs/run.ts";
import { trainedModel } from "../training/trained.ts";
import { WrongCall } from "./errors.ts";
import { seedOption, wholeNumber } from "./options.ts";
import { addCommonOptions, begin, type CommonOptions, loadData, openRunToRead, readRunConfig } from "./shared.ts";

interface Options extends CommonOptions {
  readonly importanceSamples?: number;
  readonly examples?: number;
  readonly seed: number;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command("eval")
    .argument("<run>", "run folder")
    .description("judge a trained model on the test set")
    .option(
      "--importance-samples <number>",
      `samples of the log-likelihood bound, default 100; for ${samplers().join(", ")} only`,
      wholeNumber(1),
    )
    .option("--examples <number>", "test examples, default all", wholeNumber(1))
    .addOption(seedOption("seed of the samples"));
  addCommonOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  softdraw eval runs/vae-2026-01-31-4k7m2q --importance-samples 1000 --examples 1000",
    )
    .action(evaluate);
}

async function evaluate(path: string, options: Options): Promise<void> {
  const run = await openRunToRead(path);
  const { experiment, config } = readRunConfig(run);
  checkOptions(run, experiment, options);
  const reporter = await begin(options, experiment);
  try {
    const data = await loadData(config, reporter);
    const trained = await trainedModel(run, experiment, config, data);
    const { importanceSamples, examples, seed } = options;
    const onProgress = async (done: number, total: number) => {
      reporter.progress(done, total);
      await nextTurn();
    };
    reporter.results(await experiment.evaluate(trained, data, { importanceSamples, examples, seed, onProgress }));
  } finally {
    reporter.close();
  }
}

/** An option that would do nothing is the caller's mistake. */
function checkOptions({ path }: Run, experiment: Experiment, { importanceSamples }: Options): void {
  if (importanceSamples === undefined || takesImportanceSamples(experiment)) return;
  throw new WrongCall(
    `--importance-samples: only ${samplers().join(", ")} has importance samples, and ${path} is a run of ${experiment.name}.`,
  );
}

function takesImportanceSamples({ evaluationOptions = [] }: Experiment): boolean {
  return evaluationOptions.includes("importanceSamples");
}

/** The experiments that have importance samples, by name. */
function samplers(): string[] {
  return experiments.filter(takesImportanceSamples).map(({ name }) => name);
}
