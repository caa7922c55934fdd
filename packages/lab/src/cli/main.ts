/** The command line: `softdraw COMMAND`. Each command is a file beside this one. */

import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { prepareThreads } from "./engine.ts";
import { EXIT, Interrupted, WrongCall } from "./errors.ts";

/**
 * Runs a command and returns the exit code: 0 done, 1 failed, 2 called wrongly, 130 interrupted and saved, 141 when the
 * reader of its output went away.
 *
 * @param args without the program's name
 */
export async function main(args: string[]): Promise<number> {
  prepareThreads(args);
  process.stdout.on("error", endWithReader);
  const program = new Command("softdraw")
    .description("Train and look at models that learn through discrete choices.")
    .version(packageJson.version)
    .option("--debug", "print a stack trace with an error")
    .exitOverride()
    .showHelpAfterError("(--help says how to call it)");
  try {
    for (const addTo of await commands()) addTo(program);
    program.addHelpText("after", await examples());
    await program.parseAsync(args, { from: "user" });
    return EXIT.done;
  } catch (error) {
    return explain(error, program.opts().debug === true);
  }
}

/** Whoever reads the output, such as `head`, has seen enough, and nobody is left to tell. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(EXIT.readerGone);
  throw error;
}

/** Imported late, because they import the engine, which looks for threads when it is. */
async function commands() {
  return [
    (await import("./tour.ts")).addTour,
    (await import("./train.ts")).addTrain,
    (await import("./worker.ts")).addWorker,
    (await import("./resume.ts")).addResume,
    (await import("./sweep.ts")).addSweep,
    (await import("./evaluate.ts")).addEvaluate,
    (await import("./sample.ts")).addSample,
    (await import("./solve.ts")).addSolve,
    (await import("./runs.ts")).addRuns,
    (await import("./studio.ts")).addStudio,
    (await import("./demo.ts")).addDemo,
    (await import("./data.ts")).addData,
  ];
}

/** What can be trained, and the rest of a first look around. */
async function examples(): Promise<string> {
  const { experiments } = await import("@softdraw/experiments/all");
  const calls = [
    { call: "tour", says: "four models one after the other, in a few minutes" },
    ...experiments.map(({ name, title }) => ({ call: `train ${name}`, says: title })),
    { call: `train ${experiments[0]!.name} --help`, says: "everything that can be set" },
    { call: `sweep ${experiments[0]!.name} --help`, says: "choose the temperature by cross-validation" },
    { call: "runs", says: "what has been trained so far" },
    { call: "studio", says: "all of it in a page" },
    { call: "demo subset", says: "draws of subsets beside their exact law" },
    { call: "demo explain", says: "the samplers of explanations beside each other" },
  ];
  const width = Math.max(...calls.map(({ call }) => call.length));
  return `\nExamples:${calls.map(({ call, says }) => `\n  softdraw ${call.padEnd(width)}   ${says}`).join("")}`;
}

function explain(error: unknown, debug: boolean): number {
  // Commander has already said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongCall;
  const message = error instanceof Error ? (debug && error.stack) || error.message : String(error);
  console.error(error instanceof Interrupted ? message : `error: ${message}`);
  if (error instanceof Interrupted) return EXIT.interrupted;
  return error instanceof WrongCall ? EXIT.wrongCall : EXIT.failure;
}
