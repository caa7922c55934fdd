/** The options of every command that computes, and what follows from them. */

import type { Experiment } from "@softdraw/experiments/experiment";
import { type Command, Option } from "commander";
import { type Device, devices, MOST_THREADS, useDevice } from "../training/engine.ts";
import type { Reporter } from "../training/reporter.ts";
import { jsonReporter, textReporter } from "./output.ts";
import { wholeNumber } from "./parsers.ts";

/** Where runs are unless `--runs-dir` says otherwise. */
export const RUNS_FOLDER = "runs";

export interface CommonOptions {
  readonly json?: boolean;
  readonly device: Device;
}

export function addCommonOptions(command: Command): Command {
  return command
    .addOption(new Option("--device <name>", "the engine's device").choices(devices).default("wasm"))
    .addOption(
      new Option(
        "--threads <number>",
        "threads of the wasm device, default the cores up to 4; results do not depend on it",
      ).argParser(wholeNumber(1, MOST_THREADS)),
    )
    .option("--json", "print one JSON record a line");
}

/** Sets the device, and returns what the command prints with. */
export async function begin(options: CommonOptions, experiment?: Experiment): Promise<Reporter> {
  await useDevice(options.device);
  if (options.json) return jsonReporter(process.stdout);
  return textReporter(experiment?.columns ?? [], process.stdout, process.stderr.isTTY === true);
}
