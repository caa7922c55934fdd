/** An experiment of one's own among the arguments of a command. */

import { experiments } from "@softdraw/experiments/all";
import type { Experiment } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import type { Command } from "commander";
import { WrongCall } from "../errors.ts";
import { isModule, loadExperiment } from "../training/own-experiment.ts";

/**
 * Adds what is trained by a command if its arguments name the module of an experiment, whose options are known only once it is
 * loaded.
 *
 * @param add gets the experiment, and the path as it was given
 * @throws WrongCall for a module without an experiment, and for options that the command has already
 */
export async function addOwn(
  command: string,
  args: readonly string[],
  add: (experiment: Experiment, path: string) => void,
): Promise<void> {
  const path = moduleAmong(args.slice(args.indexOf(command) + 1));
  if (path === undefined) return;
  const experiment = await loadExperiment(path);
  try {
    add(experiment, path);
  } catch (error) {
    throw new WrongCall(`${path}: schema: ${foreignText((error as Error).message, 200)}`);
  }
}

/** A command below another one. Its name may have spaces, as paths may: by its own method, commander would cut it there. */
export function addNamed(parent: Command, name: string): Command {
  const command = parent.createCommand(name).copyInheritedSettings(parent);
  parent.addCommand(command);
  return command;
}

/** The path of a module that stands where the name of an experiment would; values of options may stand before it. */
function moduleAmong(words: readonly string[]): string | undefined {
  const names = experiments.map(({ name }) => name);
  const named = words.find((word, i) => names.includes(word) || isPath(word, i === 0));
  return named === undefined || names.includes(named) ? undefined : named;
}

function isPath(word: string, isFirst: boolean): boolean {
  return !word.startsWith("-") && (isModule(word) || (isFirst && /[/\\]/.test(word)));
}
