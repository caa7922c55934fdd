/** The options of every command that computes, and what follows from them. */

import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { type Command, Option } from "commander";
import { type DeviceChoice, deviceChoices, MOST_THREADS, useDevice } from "../training/engine.ts";
import type { Reporter } from "../training/reporter.ts";
import { jsonReporter, textReporter } from "./output.ts";
import { wholeNumber } from "./parsers.ts";

/** Where runs are unless `--runs-dir` says otherwise. */
export const RUNS_FOLDER = "runs";

export interface CommonOptions {
  readonly json?: boolean;
  readonly device: DeviceChoice;
}

/** Where a command computes. */
export function deviceOption(): Option {
  return anyDeviceOption().default("wasm");
}

/** The same without a default, but for what is said of one. */
function anyDeviceOption(fallback = ""): Option {
  const description = `the engine's device, see softdraw devices; auto is webgpu where that is likely to be faster${fallback}`;
  return new Option("--device <name>", description).choices(deviceChoices);
}

/** For a command that goes on with what has been computed on some device. */
export function addOptionsToGoOn(command: Command): Command {
  return addOptions(command, anyDeviceOption("; default what it was on last"));
}

export function addCommonOptions(command: Command): Command {
  return addOptions(command, deviceOption());
}

function addOptions(command: Command, device: Option): Command {
  return command
    .addOption(device)
    .addOption(
      new Option(
        "--threads <number>",
        "threads of the wasm device, default the cores up to 4; results do not depend on it",
      ).argParser(wholeNumber(1, MOST_THREADS)),
    )
    .option("--json", "print one JSON record a line");
}

/**
 * Sets the device, and returns what the command prints with.
 *
 * @param config of the experiment, by which `--device auto` is chosen
 */
export async function begin(
  options: Pick<CommonOptions, "device" | "json">,
  experiment?: Experiment,
  config?: BaseConfig,
): Promise<Reporter> {
  await useDevice(options.device, experiment && config && { experiment: experiment.name, config });
  if (options.json) return jsonReporter(process.stdout);
  return textReporter(experiment?.columns ?? [], process.stdout, process.stderr.isTTY === true);
}
