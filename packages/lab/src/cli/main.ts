/** The command line: `softdraw COMMAND`. What there is to be called is in commands.ts. */

import { printable } from "@softdraw/experiments/foreign-text";
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { Interrupted, WrongCall } from "../errors.ts";
import { failureMessage } from "../failures.js";
import { prepareThreads } from "../training/engine.ts";
import { addCommands } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";
import { watchOutput } from "./streams.ts";

/**
 * Runs a command and returns the exit code: 0 done, 1 failed, also where only its output could not be written, 2 called
 * wrongly, 130 interrupted and saved, 141 when the reader of its output went away.
 *
 * @param args without the program's name
 */
export async function main(args: readonly string[]): Promise<number> {
  const isOutputLost = watchOutput(process);
  prepareThreads(args);
  const code = await runCommand(args);
  return (await isOutputLost()) && code === EXIT.done ? EXIT.failure : code;
}

/** `main` without what is done once in a process: for a program that runs several commands in its own, such as a test. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const program = new Command("softdraw")
    .description("Train and look at models that learn through discrete choices.")
    .version(packageJson.version)
    .option("--debug", "print a stack trace with an error")
    .exitOverride()
    .showHelpAfterError("(--help says how to call it)");
  try {
    await addCommands(program, args);
    await program.parseAsync([...args], { from: "user" });
    return EXIT.done;
  } catch (error) {
    return explain(error, program.opts().debug === true);
  }
}

function explain(error: unknown, debug: boolean): number {
  // Commander has already said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongCall;
  const message = printable(failureMessage(error, debug));
  console.error(error instanceof Interrupted ? message : `error: ${message}`);
  if (error instanceof Interrupted) return EXIT.interrupted;
  return error instanceof WrongCall ? EXIT.wrongCall : EXIT.failure;
}
