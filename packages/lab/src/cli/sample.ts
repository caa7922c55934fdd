/** `softdraw sample RUN` */

import { encodePicture } from "@softdraw/experiments/report/png";
import type { Command } from "commander";
import { writeAtomically } from "../runs/files.ts";
import { trainedModel } from "../training/trained.ts";
import { WrongCall } from "./errors.ts";
import { seedOption, wholeNumber } from "./options.ts";
import { addCommonOptions, begin, type CommonOptions, loadData, openRunToRead, readRunConfig } from "./shared.ts";

interface Options extends CommonOptions {
  readonly count: number;
  readonly out: string;
  readonly seed: number;
}

export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .argument("<run>", "run folder")
    .description("draw new examples from a trained model, as a picture")
    .option("--count <number>", "how many", wholeNumber(1, 10_000), 64)
    .addOption(seedOption("seed of the draws"))
    .option("--out <file>", "the picture, a PNG file", "samples.png");
  addCommonOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  softdraw sample runs/vae-2026-01-31-4k7m2q --count 100 --seed 7 --out digits.png",
    )
    .action(sample);
}

async function sample(path: string, options: Options): Promise<void> {
  const run = await openRunToRead(path);
  const { experiment, config } = readRunConfig(run);
  if (!experiment.sample) throw new WrongCall(`${experiment.name} cannot make new examples.`);
  const reporter = await begin(options, experiment);
  try {
    const data = await loadData(config, reporter);
    const trained = await trainedModel(run, experiment, config, data);
    const { picture, caption } = await experiment.sample(trained, data, options);
    await writeAtomically(options.out, encodePicture(picture));
    reporter.say(`${options.out}: ${caption}`);
    reporter.record("sample", { file: options.out });
  } finally {
    reporter.close();
  }
}
