/** `softdraw demo subset | explain | gradients | sort`: what draws and what estimates beside each other, and beside what they should. */

import {
  compareExplainSamplers,
  countRuns,
  type ExplainComparison,
  type SamplerRun,
} from "@softdraw/experiments/demos/explain-samplers";
import { countSubsets, type SubsetProbability, subsetLaw } from "@softdraw/experiments/demos/subset-law";
import {
  compareSamplers,
  MOST_DRAWS,
  type RelaxedComparison,
  type SamplerComparison,
  type SubsetDraws,
} from "@softdraw/experiments/demos/subset-samplers";
import { meanWithError } from "@softdraw/experiments/mathematics/statistics";
import { type Command, Option } from "commander";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import type { Reporter } from "../training/reporter.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { addGradients } from "./demo-gradients.ts";
import { addSort } from "./demo-sort.ts";
import { checkOut, writePicture } from "./out-file.ts";
import { positiveNumber, positiveNumbers, seedOption, wholeNumber } from "./parsers.ts";
import { table } from "./table.ts";

type Options = CommonOptions & SubsetDraws & { readonly out: string };

export function addDemo(program: Command): void {
  const demo = program.command("demo");
  const calls = ["subset", "explain", "gradients", "sort"].map((name) => `\n  softdraw demo ${name}`);
  demo.addHelpText("after", `\nExamples:${calls.join("")}`);
  addSubset(demo);
  addExplain(demo);
  addGradients(demo);
  addSort(demo);
}

// Explanations -------------------------------------------------------------------------------------------------------

function addExplain(demo: Command): void {
  const command = demo
    .command("explain")
    .description("the samplers of the explanations, on sequences and on XOR: what each one's trainings come to")
    .option("--seeds <number>", "trainings of each sampler on each task", wholeNumber(1, 1000), 5)
    .option("--steps <number>", "steps of a training, default the task's own number", wholeNumber(1));
  addCommonOptions(command).addHelpText("after", EXPLAIN_HELP).action(demonstrateExplanations);
}

const EXPLAIN_HELP = `
Examples:
  softdraw demo explain
  softdraw demo explain --seeds 2 --steps 200
  softdraw demo explain --json | jq 'select(.type == "training") | .sampler, .accuracy'

Means over the trainings, with their standard deviations.
  accuracy             fresh examples that are classified right by the chosen features alone
  precision            chosen features that are right: equal to the label, or those that decide
  soft-hard gap        loss with exact draws less that with relaxed ones of the same noise, in nats
  gradient variance    of an example's loss by its scores, over draws, half way through the training`;

async function demonstrateExplanations(options: CommonOptions & ExplainComparison): Promise<void> {
  const reporter = await begin(options);
  try {
    const runs: SamplerRun[] = [];
    for await (const run of compareExplainSamplers(options)) {
      runs.push(run);
      reporter.progress(runs.length, countRuns(options));
      reporter.record("training", run);
    }
    reporter.say(explainTable(runs));
  } finally {
    reporter.close();
  }
}

function explainTable(runs: readonly SamplerRun[]): string {
  const groups = new Map<string, SamplerRun[]>();
  for (const run of runs) groups.set(run.task + run.sampler, [...(groups.get(run.task + run.sampler) ?? []), run]);
  const rows = Array.from(groups.values(), (group) => {
    const { task, sampler } = group[0]!;
    const cell = (key: "accuracy" | "precision" | "gap" | "gradientVariance", digits: number) =>
      meanAndDeviation(
        group.map((run) => run[key]),
        digits,
      );
    return [
      `${task}, ${sampler}`,
      cell("accuracy", 2),
      cell("precision", 2),
      cell("gap", 4),
      cell("gradientVariance", 3),
    ];
  });
  return table(["task, sampler", "accuracy, %", "precision, %", "soft-hard gap", "gradient variance"], rows);
}

/** Such as `99.98 ± 0.01`; of one value, no deviation. */
function meanAndDeviation(values: readonly number[], digits: number): string {
  const { mean, standardError } = meanWithError(values);
  if (values.length === 1) return formatNumber(mean, digits);
  return `${formatNumber(mean, digits)} ± ${formatNumber(standardError * Math.sqrt(values.length), digits)}`;
}

// Subsets ------------------------------------------------------------------------------------------------------------

/** Subsets that the law is enumerated over at most: nobody would read a table of more. */
const MOST_SUBSETS = 2_000;

function addSubset(demo: Command): void {
  const command = demo
    .command("subset")
    .description(
      "subsets of k items, drawn one after the other without replacement with probabilities in proportion to the weights: by " +
        "every sampler, against the exact law",
    )
    .addOption(
      new Option("--weights <numbers>", "weights of the items, separated by commas")
        .argParser(positiveNumbers)
        .default([1, 2, 3, 4], "1,2,3,4"),
    )
    .option("--k <number>", "size of a subset", wholeNumber(1), 2)
    .option("--draws <number>", "subsets that each sampler draws", wholeNumber(1, MOST_DRAWS), 10_000)
    .option("--temperature <number>", "temperature of the relaxed samplers", positiveNumber, 0.5)
    .addOption(seedOption("seed of the draws"))
    .option("--out <file>", "the histogram, a PNG file", "subsets.png");
  addCommonOptions(command).addHelpText("after", SUBSET_HELP).action(demonstrateSubsets);
}

const SUBSET_HELP = `
Examples:
  softdraw demo subset
  softdraw demo subset --weights 1,1,2,3,5,8 --k 3 --temperature 0.1 --out fibonacci.png
  softdraw demo subset --json | jq 'select(.type == "sampler") | .name, .chiSquare.pValue'

The samplers are those of the library's subset: sample, relax with hard, relax with each relaxation (threshold, successive),
and reservoir. A relaxed draw counts as the set of its k largest entries. Items are numbered from 1.
  total variation   between the shares and the exact law
  chi-square        with its degrees of freedom; subsets that expect fewer than five draws are counted together
  p-value           the probability that an exact sampler fits no better
  entries above 1   in a relaxed draw, on average; no subset has any
  mean off by       total variation between the mean relaxed draw and the items' probabilities to be in the subset`;

async function demonstrateSubsets(options: Options): Promise<void> {
  checkSize(options);
  await checkOut("--out", options.out, "picture");
  const reporter = await begin(options);
  try {
    const law = subsetLaw(options.weights, options.k);
    const comparisons = await compareSamplers(options, law);
    report(reporter, options, law, comparisons);
    await writePicture(options.out, await picture(options, law, comparisons));
    reporter.say(`${options.out}: the histogram`);
    reporter.record("picture", { file: options.out });
  } finally {
    reporter.close();
  }
}

function checkSize({ weights, k }: Options): void {
  if (k > weights.length) {
    throw new WrongCall(`--k: expected a whole number from 1 to the number of weights, ${weights.length}, got ${k}.`);
  }
  const count = countSubsets(weights.length, k);
  if (count <= MOST_SUBSETS) return;
  throw new WrongCall(
    `--k ${k} of ${weights.length} weights: the exact law is enumerated over all subsets of 1 to ${k} items, ` +
      `${formatNumber(count, 0)} of them; expected at most ${formatNumber(MOST_SUBSETS, 0)}. Take a smaller k or fewer weights.`,
  );
}

function report(
  reporter: Reporter,
  { weights, k, draws, temperature, seed }: Options,
  law: readonly SubsetProbability[],
  comparisons: readonly SamplerComparison[],
): void {
  const drawn = `${formatNumber(draws, 0)} subsets of ${k} from each sampler`;
  reporter.say(`${drawn}; items 1 to ${weights.length} have the weights ${weights.join(", ")}`);
  reporter.say(`temperature ${temperature}, seed ${seed}`);
  reporter.say(lawTable(law, comparisons));
  reporter.say(samplerTable(comparisons));
  for (const [i, { subset, probability }] of law.entries()) {
    const shares = Object.fromEntries(comparisons.map(({ name, shares }) => [name, shares[i]!]));
    reporter.record("subset", { subset: numbered(subset), probability, shares });
  }
  for (const { counts: _, shares: __, ...sampler } of comparisons) reporter.record("sampler", { ...sampler, draws });
}

/** Items count from 1 for people. */
function numbered(subset: readonly number[]): number[] {
  return subset.map((item) => item + 1);
}

function nameOf({ subset }: SubsetProbability): string {
  return `{${numbered(subset).join(", ")}}`;
}

function lawTable(law: readonly SubsetProbability[], comparisons: readonly SamplerComparison[]): string {
  const rows = law.map((entry, i) => {
    const shares = comparisons.map(({ shares }) => formatNumber(shares[i]!, 4));
    return [nameOf(entry), formatNumber(entry.probability, 4), ...shares];
  });
  return table(["subset", "exact law", ...comparisons.map(({ name }) => name)], rows);
}

function samplerTable(comparisons: readonly SamplerComparison[]): string {
  const { degreesOfFreedom } = comparisons[0]!.chiSquare;
  const head = [
    ...["sampler", "total variation", `chi-square (${degreesOfFreedom})`, "p-value"],
    ...["entries above 1", "draws with one", "mean off by"],
  ];
  const rows = comparisons.map(({ name, totalVariation, chiSquare, relaxed }) => [
    ...[name, formatNumber(totalVariation, 4), formatNumber(chiSquare.statistic, 2), formatPValue(chiSquare)],
    ...(relaxed ? relaxedCells(relaxed) : ["–", "–", "–"]),
  ]);
  return table(head, rows);
}

function relaxedCells({ entriesAboveOne, drawsAboveOne, meanTotalVariation }: RelaxedComparison): string[] {
  const percent = `${formatNumber(100 * drawsAboveOne, 2)} %`;
  return [formatNumber(entriesAboveOne, 4), percent, formatNumber(meanTotalVariation, 4)];
}

function formatPValue({ pValue, degreesOfFreedom }: SamplerComparison["chiSquare"]): string {
  if (degreesOfFreedom === 0) return "–";
  return pValue > 0 && pValue < 1e-3 ? pValue.toExponential(1) : formatNumber(pValue, 3);
}

/** Groups of bars in the picture: more would be too thin. */
const MOST_GROUPS = 20;

/** Pixels of the picture for one unit of the drawing. */
const SCALE = 2;

async function picture(
  { draws }: Options,
  law: readonly SubsetProbability[],
  comparisons: readonly SamplerComparison[],
): Promise<Uint8Array> {
  // Imported late, because what draws takes as long to load as all the rest.
  const { barChart, WIDTH } = await import("@softdraw/experiments/report/bar-chart");
  const { rasterize } = await import("../report/rasterize.ts");
  const shown = law.slice(0, MOST_GROUPS);
  const part = shown.length < law.length ? `, the ${MOST_GROUPS} most probable of ${formatNumber(law.length, 0)}` : "";
  const svg = barChart({
    title: "Share of the draws that gave each subset, by sampler, beside the exact law",
    x: { label: `subset${part}` },
    y: { label: `share of ${formatNumber(draws, 0)} draws` },
    groups: shown.map(nameOf),
    series: comparisons.map(({ name, shares }) => ({ name, values: shares.slice(0, shown.length) })),
    reference: { name: "exact law", values: shown.map(({ probability }) => probability) },
  });
  return rasterize(svg, { width: SCALE * WIDTH });
}
