/** `softdraw demo gradients`: the estimators of a gradient beside each other, and beside the exact one. */

import {
  type CostName,
  costNames,
  costs,
  countValues,
  exactGradient,
  type GradientProblem,
  MOST_VALUES,
  type ProblemRequest,
  randomProblem,
  type StructureName,
  structureNames,
} from "@softdraw/experiments/demos/gradient-problems";
import {
  compareGradients,
  countComparisons,
  type GradientComparison,
  type GradientRequest,
  MOST_DRAWS,
  mainPlane,
  PROBLEM_STREAM,
} from "@softdraw/experiments/demos/gradients";
import { streamKey } from "@softdraw/experiments/nn/keys";
import { type Command, Option } from "commander";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import type { Reporter } from "../training/reporter.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { checkOut, writePicture } from "./out-file.ts";
import { positiveNumber, seedOption, wholeNumber, wholeNumbers } from "./parsers.ts";
import { table } from "./table.ts";

interface Options extends CommonOptions, Omit<ProblemRequest, "structure" | "cost"> {
  readonly structure: StructureName;
  readonly cost: CostName;
  readonly samples: readonly number[];
  readonly temperature: number;
  readonly draws: number;
  readonly seed: number;
  readonly out: string;
}

/** Logits of an event: what is summed over the draws grows with the square. */
const MOST_LOGITS = 64;

/** Values of the cost an estimate. */
const MOST_SAMPLES = 1024;

export function addGradients(demo: Command): void {
  const command = demo
    .command("gradients")
    .description(
      "every estimator of a gradient through a choice, with as many values of the cost, beside the exact one",
    )
    .addOption(
      new Option("--structure <name>", "the choice: n bits, one of n, or k of n")
        .choices(structureNames)
        .default("bernoulli"),
    )
    .option("--n <number>", "logits of the choice", wholeNumber(1, MOST_LOGITS), 8)
    .option("--k <number>", "size of a subset", wholeNumber(1, MOST_LOGITS), 3)
    .addOption(new Option("--cost <name>", "what it costs").choices(costNames).default("quadratic"))
    .addOption(
      new Option("--samples <numbers>", "values of the cost that an estimate may take, separated by commas")
        .argParser(wholeNumbers(1, MOST_SAMPLES))
        .default([1, 4, 16], "1,4,16"),
    )
    .option("--temperature <number>", "temperature of the estimators that relax", positiveNumber, 1)
    .option("--draws <number>", "estimates of each estimator", wholeNumber(2, MOST_DRAWS), 2000)
    .addOption(seedOption("seed of the logits, of the cost and of the draws"))
    .option("--out <file>", "the clouds of estimates, a PNG file", "gradients.png");
  addCommonOptions(command).addHelpText("after", HELP).action(demonstrateGradients);
}

const HELP = `
Examples:
  softdraw demo gradients
  softdraw demo gradients --structure categorical --n 10 --cost network --samples 2,8
  softdraw demo gradients --structure bernoulli --n 1 --cost toy
  softdraw demo gradients --json | jq 'select(.type == "estimator") | .name, .rootMeanSquare'

The logits are drawn from the standard normal law. Costs of a value v:
${costNames.map((name) => `  ${name.padEnd(20)} ${costs[name].formula}`).join("\n")}

An estimate may take as many values of the cost as --samples says, and takes
  one a sample         most; "relax" beside its control variate, a linear one that 1,024 values were fitted to before
  one more             the score function with the baseline "greedy": that of the most probable value
  two a pair           "disarm", whose samples come in pairs
  three a sample       "rebar": of the exact draw and of two relaxed ones
An estimator that cannot do with so few is left out; "unordered-set", too, where the different values are fewer.

  bias                 length of the difference between the mean estimate and the exact gradient, with its standard error;
                       not seen: no more than chance, rare values that may not have been drawn, and rounding can explain
                       (once in 10,000 times for an estimator that has none)
  deviation            root of the summed variances of an estimate
  error                root of the mean squared distance of an estimate from the exact gradient
  angle                between an estimate and the exact gradient, on average, in degrees; 90 for an estimate of zero
  ms                   an estimate, of many that are computed together
  slope                whether the estimator needs the derivative of the cost`;

async function demonstrateGradients(options: Options): Promise<void> {
  checkSize(options);
  await checkOut("--out", options.out, "picture");
  const reporter = await begin(options);
  try {
    const problem = await randomProblem(options, streamKey(options.seed, PROBLEM_STREAM));
    const request: GradientRequest = { ...options, budgets: options.samples };
    const exact = await exactGradient(problem);
    reporter.record("exact", { gradient: exact, logits: problem.logits, values: countValues(options) });
    const comparisons = await compareAll(problem, request, reporter);
    say(reporter, options, exact, comparisons);
    await writePicture(options.out, await picture(options, comparisons));
    reporter.say(`${options.out}: the clouds of estimates`);
    reporter.record("picture", { file: options.out });
  } finally {
    reporter.close();
  }
}

function checkSize(options: Options): void {
  const { structure, n, k } = options;
  if (structure !== "bernoulli" && n < 2) {
    throw new WrongCall(`--n: expected at least 2, because one of 1 is no choice, got ${n}.`);
  }
  if (structure === "subset" && k >= n) {
    throw new WrongCall(`--k: expected a whole number from 1 to ${n - 1}, fewer than the ${n} of --n, got ${k}.`);
  }
  const count = countValues(options);
  if (count <= MOST_VALUES) return;
  throw new WrongCall(
    `--n ${n}: the exact gradient is the sum over all values, ${formatNumber(count, 0)} of them; expected at most ` +
      `${formatNumber(MOST_VALUES, 0)}. Take a smaller n${structure === "subset" ? " or k" : ""}.`,
  );
}

async function compareAll(
  problem: GradientProblem,
  request: GradientRequest,
  reporter: Reporter,
): Promise<GradientComparison[]> {
  const comparisons: GradientComparison[] = [];
  for await (const comparison of compareGradients(problem, request)) {
    comparisons.push(comparison);
    reporter.progress(comparisons.length, countComparisons(problem, request));
    const { cloud: _, second: __, ...figures } = comparison;
    reporter.record("estimator", { ...figures, draws: request.draws });
  }
  return comparisons;
}

function say(reporter: Reporter, options: Options, exact: readonly number[], all: readonly GradientComparison[]): void {
  const { structure, n, k, cost, temperature, draws, seed } = options;
  const choice = { bernoulli: `${n} bits`, categorical: `one of ${n}`, subset: `${k} of ${n}` }[structure];
  reporter.say(`${structure}, ${choice}; ${cost}: ${costs[cost].formula}`);
  reporter.say(`${formatNumber(draws, 0)} estimates of each estimator; temperature ${temperature}, seed ${seed}`);
  const length = formatNumber(Math.hypot(...exact), 4);
  reporter.say(`exact: a gradient of length ${length}, from all ${formatNumber(countValues(options), 0)} values`);
  for (const budget of new Set(all.map((comparison) => comparison.budget))) {
    const comparisons = all.filter((comparison) => comparison.budget === budget);
    reporter.say(`\n${budget} ${budget === 1 ? "value" : "values"} of the cost an estimate`);
    reporter.say(comparisonTable(comparisons, draws));
    reporter.say(advice(comparisons));
  }
}

function comparisonTable(comparisons: readonly GradientComparison[], draws: number): string {
  const head = ["estimator", "values", "bias", "deviation", "error", "angle", "ms", "slope"];
  const rows = comparisons.map((comparison) => {
    const { name, values, bias, biasError, isBiasSeen, deviation, rootMeanSquare } = comparison;
    const { angle, milliseconds, needsDerivative } = comparison;
    const seen = `${formatNumber(bias, 4)} ± ${formatNumber(biasError, 4)}`;
    return [
      ...[name, `${values}`, isBiasSeen ? seen : `not seen in ${formatNumber(draws, 0)} draws`],
      ...[formatNumber(deviation, 4), formatNumber(rootMeanSquare, 4), formatNumber(angle, 1)],
      ...[formatNumber(milliseconds, 4), needsDerivative ? "yes" : "no"],
    ];
  });
  return table(head, rows);
}

/** Which estimator has the lowest error here, and which of those that take any cost. */
function advice(comparisons: readonly GradientComparison[]): string {
  const best = lowestError(comparisons);
  const blackBox = lowestError(comparisons.filter(({ needsDerivative }) => !needsDerivative));
  if (best === blackBox) return `The lowest error: ${named(best)}, which needs no derivative of the cost.`;
  return `The lowest error: ${named(best)}. Without a derivative of the cost: ${named(blackBox)}.`;
}

function lowestError(comparisons: readonly GradientComparison[]): GradientComparison {
  return comparisons.reduce((a, b) => (b.rootMeanSquare < a.rootMeanSquare ? b : a));
}

function named({ name, rootMeanSquare, isBiasSeen }: GradientComparison): string {
  return `${name}, ${formatNumber(rootMeanSquare, 4)}${isBiasSeen ? ", with a bias that more samples do not cure" : ""}`;
}

/** Pixels of the picture for one unit of the drawing. */
const SCALE = 2;

/** The clouds of the largest number of values. */
async function picture({ samples }: Options, all: readonly GradientComparison[]): Promise<Uint8Array> {
  // Imported late, because what draws takes as long to load as all the rest.
  const { cloudChart, WIDTH } = await import("@softdraw/experiments/report/cloud-chart");
  const { rasterize } = await import("../report/rasterize.ts");
  const most = Math.max(...samples);
  const svg = cloudChart({
    title: "Estimates of the gradient around the exact one, by estimator, in the plane of their two main directions",
    caption: `${most} values of the cost an estimate. The cross is the exact gradient, the ring the mean.`,
    clouds: mainPlane(all.filter(({ budget }) => budget === most)),
  });
  return rasterize(svg, { width: SCALE * WIDTH });
}
