/** `softdraw sample RUN` */

import { type Config, NAME as VAE } from "@softdraw/experiments/categorical-vae/method";
import { samplePicture } from "@softdraw/experiments/categorical-vae/show";
import type { Trained } from "@softdraw/experiments/experiment";
import { encodePicture } from "@softdraw/experiments/report/png";
import type { Command } from "commander";
import { WrongCall } from "../errors.ts";
import { loadData } from "../training/data.ts";
import { trainedModel } from "../training/trained.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { checkOut, writePicture } from "./out-file.ts";
import { seedOption, wholeNumber } from "./parsers.ts";
import { dataOption, openRunToRead, readRunConfig, withDataAt } from "./run-folders.ts";

interface Options extends CommonOptions {
  readonly data?: string;
  readonly count: number;
  readonly out: string;
  readonly seed: number;
}

export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .argument("<run>", "run folder")
    .option("--count <number>", "how many", wholeNumber(1, 10_000), 64)
    .addOption(seedOption("seed of the draws"))
    .addOption(dataOption())
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
  const { experiment, config } = await readRunConfig(run);
  if (experiment.name !== VAE) throw new WrongCall(`${experiment.name} cannot make new examples. A run of ${VAE} can.`);
  await checkOut("--out", options.out, "picture");
  const reporter = await begin(options, experiment, config);
  try {
    const data = await loadData(withDataAt(config, options.data), reporter);
    const trained = await trainedModel(run, experiment, config, data);
    const { picture, caption } = await samplePicture(trained as Trained<Config>, data, options);
    await writePicture(options.out, encodePicture(picture));
    reporter.say(`${options.out}: ${caption}`);
    reporter.record("sample", { file: options.out });
  } finally {
    reporter.close();
  }
}
