/** What there is to be called: each command is a file beside this one, and is loaded when it is wanted. */

import type { Command } from "commander";

/** Adds a command. What its arguments name may be a part of it: the options of an experiment of one's own. */
type AddCommand = (program: Command, args: readonly string[]) => void | Promise<void>;

interface Listed {
  /** What follows its name, in a list of the commands. */
  readonly takes: string;
  readonly description: string;
  /** Whatever it needs is loaded, which takes longer than most of what is asked of it. */
  load(): Promise<AddCommand>;
}

/**
 * The commands in the order of the help, which is written from this list alone.
 *
 * Upstream: the engine looks for workers when it is imported; so what imports it is imported late.
 */
export const COMMANDS: Readonly<Record<string, Listed>> = {
  tour: {
    takes: "[options] [experiment]",
    description: "train five models on embedded and simulated data, one after the other, in a few minutes",
    load: async () => (await import("./tour.ts")).addTour,
  },
  train: {
    takes: "",
    description: "train a model, and write its run folder",
    load: async () => (await import("./train.ts")).addTrain,
  },
  worker: {
    takes: "[options]",
    description: "train the trials of sweeps that are in a queue, until Ctrl-C",
    load: async () => (await import("./worker.ts")).addWorker,
  },
  resume: {
    takes: "[options] <run>",
    description:
      "continue a training that was stopped, to the same bytes as if it had not been, unless on another device",
    load: async () => (await import("./resume.ts")).addResume,
  },
  sweep: {
    takes: "[options] [experiment]",
    description: "train many configurations and choose the best, by exact measures on held-out training data",
    load: async () => (await import("./sweep.ts")).addSweep,
  },
  eval: {
    takes: "[options] <run>",
    description: "judge a trained model on the test set",
    load: async () => (await import("./evaluate.ts")).addEvaluate,
  },
  sample: {
    takes: "[options] <run>",
    description: "draw new examples from a trained model, as a picture",
    load: async () => (await import("./sample.ts")).addSample,
  },
  solve: {
    takes: "[options] <run> <picture>",
    description: "cut any picture into pieces, shuffle them, and put it together with a trained model",
    load: async () => (await import("./solve.ts")).addSolve,
  },
  explain: {
    takes: "[options]",
    description: "find the few patches, columns or tokens from which a model that is not ours says what it says",
    load: async () => (await import("./explain.ts")).addExplain,
  },
  select: {
    takes: "[options] <table>",
    description: "choose the columns of a table that are enough to tell another one, and say what they are worth",
    load: async () => (await import("./select.ts")).addSelect,
  },
  runs: {
    takes: "[options]",
    description: "list the runs with their results",
    load: async () => (await import("./runs.ts")).addRuns,
  },
  studio: {
    takes: "[options] [modules...]",
    description: "serve the page: play with the temperature, train, and look into the runs",
    load: async () => (await import("./studio.ts")).addStudio,
  },
  demo: {
    takes: "",
    description: "compare samplers and estimators with each other, and with what is exact",
    load: async () => (await import("./demo.ts")).addDemo,
  },
  devices: {
    takes: "[options]",
    description: "list what --device can be, and what is missing for what it cannot",
    load: async () => (await import("./devices.ts")).addDevices,
  },
  data: {
    takes: "",
    description: "list, fetch and verify the data sets, and look into one's own data",
    load: async () => (await import("./data.ts")).addData,
  },
};

/** A first look around. */
const CALLS = [
  { call: "tour", says: "five models one after the other, in a few minutes" },
  { call: "train vae", says: "Categorical VAE" },
  { call: "train dknn", says: "Differentiable nearest neighbours" },
  { call: "train jigsaw", says: "Jigsaw" },
  { call: "train sort", says: "Sorting" },
  { call: "train rank", says: "Sorting pictures of numbers" },
  { call: "train explain", says: "Explanations" },
  { call: "train graphs", says: "Graphs" },
  { call: "train vae --help", says: "everything that can be set" },
  { call: "sweep vae --help", says: "choose the temperature by cross-validation" },
  { call: "select patients.csv --target outcome", says: "which columns of a table are enough" },
  { call: "runs", says: "what has been trained so far" },
  { call: "studio", says: "all of it in a page" },
  { call: "demo subset", says: "draws of subsets beside their exact law" },
  { call: "demo explain", says: "the samplers of explanations beside each other" },
  { call: "demo gradients", says: "the estimators of a gradient beside the exact one" },
];

/**
 * Adds the command that the arguments name. Where they name none, the help may be wanted: all commands are listed in it, and none
 * is loaded.
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const named = (words[0] === "help" ? words[1] : words[0]) ?? "";
  if (Object.hasOwn(COMMANDS, named)) return addCommand(program, named, args);
  for (const [name, { description }] of Object.entries(COMMANDS)) program.command(name).description(description);
  program.configureHelp({
    subcommandTerm: (command) => `${command.name()} ${COMMANDS[command.name()]?.takes ?? command.usage()}`.trim(),
  });
  const width = Math.max(...CALLS.map(({ call }) => call.length));
  const lines = CALLS.map(({ call, says }) => `\n  softdraw ${call.padEnd(width)}   ${says}`);
  program.addHelpText("after", `\nExamples:${lines.join("")}`);
}

/** Adds one command, with all that it takes. */
export async function addCommand(program: Command, name: string, args: readonly string[]): Promise<void> {
  const { description, load } = COMMANDS[name]!;
  await (await load())(program, args);
  program.commands.find((command) => command.name() === name)!.description(description);
}
