/** The shell commands of a document, and whether the command line would take them. */

import { fileURLToPath } from "node:url";
import { experiments } from "@softdraw/experiments/all";
import { datasetNames } from "@softdraw/experiments/data/types";
import type { Experiment } from "@softdraw/experiments/experiment";
import { addCommand, COMMANDS } from "@softdraw/lab/cli/commands";
import { readConfiguration } from "@softdraw/lab/cli/configuration";
import { runCommand } from "@softdraw/lab/cli/main";
import { defineSweep } from "@softdraw/lab/cli/sweep-definition";
import { isModule } from "@softdraw/lab/training/own-experiment";
import { Command, CommanderError } from "commander";
import { vi } from "vitest";
import { cheapest } from "../sixth-experiment/cheapest.ts";
import type { MarkdownDocument } from "./markdown.ts";

export interface ShellCommand {
  readonly line: number;
  /** Program and arguments. */
  readonly words: readonly string[];
}

/** The commands of the `sh` blocks, and those of npm and ours that the text names in code. Comments are left out. */
export function shellCommands({ blocks, prose }: MarkdownDocument): ShellCommand[] {
  const inBlocks = blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ line, lines }) => lines.map((text, i) => ({ line: line + i, text })));
  const inText = prose.flatMap((line, i) =>
    [...line.matchAll(/`((?:npm|npx|softdraw) [^`]+)`/g)].map(([, text]) => ({ line: i + 1, text: text! })),
  );
  return [...inBlocks, ...inText]
    .map(({ line, text }) => ({ line, text: text.replace(/(^|\s)#.*$/, "") }))
    .flatMap(({ line, text }) => text.split(/&&|\|/).map((command) => ({ line, words: splitWords(command) })))
    .filter(({ words }) => words.length > 0);
}

export function splitWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => {
    return (single ?? double ?? bare)!;
  });
}

/**
 * Parses the arguments of `softdraw` as the command line does, but runs nothing. The configuration of a training is
 * checked as well, all but what a file would say.
 *
 * @throws Error that says what the command line does not take
 */
export async function parseSoftdraw(words: readonly string[]): Promise<void> {
  const args = words.map((word) => (isModule(word) ? OWN : word));
  const common = await softdrawProgram;
  const program = args.includes(OWN) ? await catchProgram(args) : common;
  const complaints: string[] = [];
  for (const command of allCommands(program)) {
    command.configureOutput({ writeOut: () => {}, writeErr: (text) => void complaints.push(text.trim()) });
    // A command of commands that does something by itself is one with arguments of its own.
    if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(checkConfiguration);
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new Error(complaints[0], { cause: error });
  }
}

/** Every option of every command, as `--threads`. */
export async function softdrawOptions(): Promise<Set<string>> {
  const commands = allCommands(await softdrawProgram);
  return new Set(["--help", ...commands.flatMap(({ options }) => options.map(({ long }) => long!))]);
}

async function checkConfiguration(this: Command): Promise<void> {
  const experiment = this.name() === OWN ? cheapest : experiments.find(({ name }) => name === this.name());
  // Other commands may have the name of an experiment, and have options of their own.
  if (experiment === undefined || !["train", "sweep"].includes(this.parent?.name() ?? "")) return;
  const options = { ...this.opts(), config: undefined, dataDir: undefined };
  const config = await readConfiguration(experiment, withoutOwnData(experiment, options));
  if (this.parent?.name() === "sweep") defineSweep(experiment, config, this.optsWithGlobals());
}

/** Options without the path of the reader's own data, and without what is to be made of that, once it has been checked. */
function withoutOwnData({ schema }: Experiment, options: Record<string, unknown>): Record<string, unknown> {
  const { data = "digits", size, grey, testShare, ...rest } = options;
  if ((datasetNames as readonly unknown[]).includes(data)) return options;
  schema.parse({ size, grey, testShare });
  return rest;
}

/** In place of the reader's module, an experiment with the options that most have. */
const OWN = fileURLToPath(new URL("./own.ts", import.meta.url));

const softdrawProgram = wholeProgram();

async function wholeProgram(): Promise<Command> {
  const [first, ...others] = Object.keys(COMMANDS);
  const program = await catchProgram([first!]);
  for (const name of others) await addCommand(program, name, []);
  return program;
}

/** The program with the command that some arguments want, as the command line sets it up, caught when it is about to parse. */
async function catchProgram(args: readonly string[]): Promise<Command> {
  const parse = vi.spyOn(Command.prototype, "parseAsync").mockImplementation(async function (this: Command) {
    return this;
  });
  try {
    await runCommand(args);
    return parse.mock.contexts[0] as Command;
  } finally {
    parse.mockRestore();
  }
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
