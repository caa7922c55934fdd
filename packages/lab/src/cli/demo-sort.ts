/** `softdraw demo sort`: the relaxations of orders beside each other. */

import {
  compareSorters,
  countSorters,
  relaxationNames,
  type SorterComparison,
  type SorterRun,
} from "@softdraw/experiments/demos/sorters";
import { type Command, Option } from "commander";
import { formatNumber } from "../report/numbers.ts";
import type { Reporter } from "../training/reporter.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { positiveNumber, seedOption, wholeNumber, wholeNumbers } from "./parsers.ts";
import { table } from "./table.ts";

type Options = CommonOptions & SorterComparison;

/** Steps of which one is compiled, one looked at, one timed and one followed by the measuring. */
const FEWEST_STEPS = 4;

export function addSort(demo: Command): void {
  const command = demo
    .command("sort")
    .description("every relaxation of orders, at learning to sort lists of several lengths: errors, time and memory")
    .addOption(
      new Option("--n <numbers>", "numbers in a list, separated by commas")
        .argParser(wholeNumbers(2, 500))
        .default([5, 8, 16, 32, 64, 128], "5,8,16,32,64,128"),
    )
    .option("--steps <number>", "steps of a training", wholeNumber(FEWEST_STEPS), 200)
    .option("--batch <number>", "lists a step", wholeNumber(1), 20)
    .option("--learning-rate <number>", "Adam's step size, which falls to 0", positiveNumber, 0.01)
    .addOption(seedOption("seed of the trainings"));
  addCommonOptions(command).addHelpText("after", HELP).action(demonstrateSorting);
}

const HELP = `
Examples:
  softdraw demo sort
  softdraw demo sort --n 5,10 --steps 1000
  softdraw demo sort --json | jq 'select(.type == "sorter") | .n, .relaxation, .wrongElements'

One training each, as softdraw train sort does it: the others with one score a number, gumbel-sinkhorn with one for every place.
  wrong numbers    % of numbers in a wrong place, of fresh lists that are sorted by the exact order of the scores
  wrong lists      % of those lists with any error
  ms a step        the fastest step: what else a machine does makes the others longer
  MB               the most that a step's arrays take at once
Odd-even networks have n layers, each compiled: they are left out for more than 32 numbers.`;

async function demonstrateSorting(options: Options): Promise<void> {
  const reporter = await begin(options);
  try {
    const runs: SorterRun[] = [];
    for await (const run of compareSorters(options)) {
      runs.push(run);
      reporter.progress(runs.length, countSorters(options));
      reporter.record("sorter", run);
    }
    sayTables(runs, options, reporter);
  } finally {
    reporter.close();
  }
}

function sayTables(runs: readonly SorterRun[], { n, steps, batch, seed }: Options, reporter: Reporter): void {
  reporter.say(`${formatNumber(steps, 0)} steps of ${batch} lists each; seed ${seed}`);
  const say = (title: string, cell: (run: SorterRun) => string) => {
    const rows = relaxationNames.map((relaxation) => {
      const cells = n.map((length) => runs.find((run) => run.n === length && run.relaxation === relaxation));
      return [relaxation, ...cells.map((run) => (run ? cell(run) : "–"))];
    });
    reporter.say(`\n${title}`);
    reporter.say(table(["relaxation", ...n.map((length) => `n = ${length}`)], rows));
  };
  say("wrong numbers, %", ({ wrongElements }) => formatNumber(wrongElements, 2));
  say("wrong lists, %", ({ wrongLists }) => formatNumber(wrongLists, 2));
  say("ms a step", ({ milliseconds }) => formatNumber(milliseconds, 2));
  say("MB", ({ megabytes }) => formatNumber(megabytes, 2));
}
