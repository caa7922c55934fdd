/** `softdraw solve RUN PICTURE` */

import { join } from "node:path";
import type { Trained } from "@softdraw/experiments/experiment";
import { type Config, NAME as JIGSAW } from "@softdraw/experiments/jigsaw/method";
import { solve as solvePicture } from "@softdraw/experiments/jigsaw/solve";
import { encodePicture } from "@softdraw/experiments/report/png";
import type { Command } from "commander";
import { WrongCall } from "../errors.ts";
import { loadData } from "../training/data.ts";
import { trainedModel } from "../training/trained.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { checkOutDir, writePicture } from "./out-file.ts";
import { seedOption } from "./parsers.ts";
import { readPicture } from "./pictures.ts";
import { dataOption, openRunToRead, readRunConfig, withDataAt } from "./run-folders.ts";

interface Options extends CommonOptions {
  readonly data?: string;
  readonly outDir: string;
  readonly seed: number;
}

export function addSolve(program: Command): void {
  const command = program
    .command("solve")
    .argument("<run>", "run folder of a jigsaw")
    .argument("<picture>", "a PNG, JPEG or WebP file")
    .addOption(seedOption("seed of the shuffle"))
    .addOption(dataOption())
    .option("--out-dir <folder>", "where shuffled.png and solved.png are written", ".");
  addCommonOptions(command)
    .addHelpText("after", "\nExample:\n  softdraw solve runs/jigsaw-2026-01-31-4k7m2q seven.png --seed 3")
    .action(solve);
}

const [SHUFFLED, SOLVED] = ["shuffled.png", "solved.png"];

async function solve(path: string, file: string, options: Options): Promise<void> {
  const run = await openRunToRead(path);
  const { experiment, config } = await readRunConfig(run);
  if (experiment.name !== JIGSAW)
    throw new WrongCall(`${experiment.name} solves no pictures. A run of ${JIGSAW} does.`);
  const picture = await readPicture(file);
  await checkOutDir("--out-dir", options.outDir, [SHUFFLED, SOLVED], "picture", file);
  const reporter = await begin(options, experiment, config);
  try {
    const data = await loadData(withDataAt(config, options.data), reporter);
    const trained = await trainedModel(run, experiment, config, data);
    const solving = solvePicture(trained as Trained<Config>, data, picture, options);
    const { shuffled, solved, right, pieces } = await solving.catch((error: Error) => {
      throw error instanceof RangeError ? new WrongCall(`${file}: ${error.message}`) : error;
    });
    const files = { shuffled: join(options.outDir, SHUFFLED), solved: join(options.outDir, SOLVED) };
    await writePicture(files.shuffled, encodePicture(shuffled));
    await writePicture(files.solved, encodePicture(solved));
    reporter.say(
      `${right} of ${pieces} pieces are in their place.\nBefore: ${files.shuffled}\nAfter:  ${files.solved}`,
    );
    reporter.record("solved", { ...files, right, pieces });
  } finally {
    reporter.close();
  }
}
