/** The command line: `softdraw COMMAND`. Each command is a file beside this one. */

import { printable } from "@softdraw/experiments/foreign-text";
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { Interrupted, WrongCall } from "../errors.ts";
import { failureMessage } from "../failures.js";
import { prepareThreads } from "../training/engine.ts";
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

/** Adds a command. What its arguments name may be a part of it: the options of an experiment of one's own. */
type AddCommand = (program: Command, args: readonly string[]) => void | Promise<void>;

/**
 * The commands in the order of the help. They are loaded one by one, because most of the time that a command takes to start
 * is spent on loading.
 *
 * Upstream: the engine looks for workers when it is imported; so what imports it is imported late.
 */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  tour: async () => (await import("./tour.ts")).addTour,
  train: async () => (await import("./train.ts")).addTrain,
  worker: async () => (await import("./worker.ts")).addWorker,
  resume: async () => (await import("./resume.ts")).addResume,
  sweep: async () => (await import("./sweep.ts")).addSweep,
  eval: async () => (await import("./evaluate.ts")).addEvaluate,
  sample: async () => (await import("./sample.ts")).addSample,
  solve: async () => (await import("./solve.ts")).addSolve,
  explain: async () => (await import("./explain.ts")).addExplain,
  select: async () => (await import("./select.ts")).addSelect,
  runs: async () => (await import("./runs.ts")).addRuns,
  studio: async () => (await import("./studio.ts")).addStudio,
  demo: async () => (await import("./demo.ts")).addDemo,
  devices: async () => (await import("./devices.ts")).addDevices,
  data: async () => (await import("./data.ts")).addData,
};

/** Adds the command that the arguments name. Where they name none, the help may be wanted, and that lists them all. */
async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const named = args.find((arg) => !arg.startsWith("-")) ?? "";
  if (Object.hasOwn(COMMANDS, named)) return (await COMMANDS[named]!())(program, args);
  for (const load of Object.values(COMMANDS)) await (await load())(program, args);
  program.addHelpText("after", await examples());
}

/** What can be trained, and the rest of a first look around. */
async function examples(): Promise<string> {
  const { experiments } = await import("@softdraw/experiments/all");
  const calls = [
    { call: "tour", says: "five models one after the other, in a few minutes" },
    ...experiments.map(({ name, title }) => ({ call: `train ${name}`, says: title })),
    { call: `train ${experiments[0]!.name} --help`, says: "everything that can be set" },
    { call: `sweep ${experiments[0]!.name} --help`, says: "choose the temperature by cross-validation" },
    { call: "select patients.csv --target outcome", says: "which columns of a table are enough" },
    { call: "runs", says: "what has been trained so far" },
    { call: "studio", says: "all of it in a page" },
    { call: "demo subset", says: "draws of subsets beside their exact law" },
    { call: "demo explain", says: "the samplers of explanations beside each other" },
    { call: "demo gradients", says: "the estimators of a gradient beside the exact one" },
  ];
  const width = Math.max(...calls.map(({ call }) => call.length));
  return `\nExamples:${calls.map(({ call, says }) => `\n  softdraw ${call.padEnd(width)}   ${says}`).join("")}`;
}

function explain(error: unknown, debug: boolean): number {
  // Commander has already said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongCall;
  const message = printable(failureMessage(error, debug));
  console.error(error instanceof Interrupted ? message : `error: ${message}`);
  if (error instanceof Interrupted) return EXIT.interrupted;
  return error instanceof WrongCall ? EXIT.wrongCall : EXIT.failure;
}
