/** `softdraw select TABLE`: which columns of a table are enough to tell another one. */

import { basename } from "node:path";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { type Report, renderReport } from "@softdraw/experiments/report/html";
import { type EstimatorName, estimators } from "@softdraw/experiments/select/neighbours";
import { type Problem, problemOf, type TaskName, tasks } from "@softdraw/experiments/select/problem";
import {
  chosenTable,
  countText,
  curveTable,
  doubtText,
  estimateText,
  type Metric,
  metricOf,
} from "@softdraw/experiments/select/show";
import {
  type Choice,
  checkStudy,
  type Origin,
  type Study,
  type StudyOptions,
  studyColumns,
} from "@softdraw/experiments/select/study";
import { listed, type Table, usuallyMissing } from "@softdraw/experiments/select/table";
import { type Command, InvalidArgumentError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { describeTable, readTable, type TableReading } from "../data/tables.ts";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { writeAtomically } from "../runs/files.ts";
import { kebab, quote } from "../training/command.ts";
import { engineDescription } from "../training/engine.ts";
import type { Reporter } from "../training/reporter.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { checkOut } from "./out-file.ts";
import { seedOption, wholeNumber } from "./parsers.ts";
import { table as drawTable } from "./table.ts";

interface Range {
  readonly fewest: number;
  readonly most: number;
}

type Options = CommonOptions &
  TableReading &
  Pick<StudyOptions, "folds" | "seeds" | "seed" | "steps"> & {
    readonly target: string;
    readonly features?: Range;
    readonly task?: TaskName;
    readonly estimator: EstimatorName;
    readonly out: string;
  };

/** A curve goes up to so many columns, unless it is told how far. */
const USUALLY_MOST = 10;

export function addSelect(program: Command): void {
  const command = program
    .command("select")
    .argument("<table>", "a CSV, TSV or Parquet file with a header")
    .requiredOption("--target <column>", "the column to tell: categories, or numbers")
    .addOption(
      new Option(
        "--features <number>",
        `columns to choose: a number, or a range such as 1..10; default 1..${USUALLY_MOST}, or all`,
      ).argParser(range),
    )
    .addOption(
      new Option(
        "--task <name>",
        "default classification of texts and of up to 10 different whole numbers, otherwise regression",
      ).choices(tasks),
    )
    .option("--ignore <columns>", "columns to leave out, separated by commas", names)
    .option("--categorical <columns>", "columns of numbers that are categories", names)
    .option("--numeric <columns>", "columns that have to be numbers", names)
    .addOption(
      new Option("--missing <texts>", "texts of a missing value, separated by commas, whatever their case")
        .argParser(names)
        .default(usuallyMissing, `the empty text and ${usuallyMissing.filter((text) => text !== "").join(",")}`),
    )
    .option(
      "--separator <character>",
      "between cells; default a tab in .tsv, otherwise what the header has most of",
      separator,
    )
    .option("--folds <number>", "parts that are held out in turn", wholeNumber(2, 50), 5)
    .option("--seeds <number>", "divisions into folds", wholeNumber(1, 100), 1)
    .addOption(seedOption("seed of the divisions, the choices and the networks"))
    .addOption(new Option("--estimator <name>", "of the choice's gradient").choices(estimators).default("relaxed"))
    .option("--steps <number>", "of learning a choice", wholeNumber(1, 100_000), 120)
    .option("--out <file>", "the report, an HTML file", "selection.html");
  addCommonOptions(command).addHelpText("after", HELP).action(select);
}

const HELP = `
Examples:
  softdraw select patients.csv --target outcome --features 5
  softdraw select patients.csv --target outcome --features 1..10 --seeds 3 --out patients.html
  softdraw select houses.parquet --target price --ignore id,date --categorical zip
  softdraw select patients.csv --target outcome --json | jq 'select(.type == "selection") | .chosen[].column'

Columns are chosen from the rows outside of a fold, a network is fitted to them, and the fold says how good it is; so no score rests on
rows that it was learned from. The same network is fitted to what three others choose: the best ones one by one, greedy forward
selection by least squares, and L1. The learned choice and theirs are compared within the rows to learn from, and the best is taken.
  ±                a standard error over the folds
  *                the knee: the fewest columns whose score is within a standard error of the best, if that is one above none
  chosen in folds  how often the column was chosen when other rows were left out
  stand-ins        columns that correlate with a chosen one, and what the score changes by with them in its place`;

/** Column names or texts, separated by commas. */
function names(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

function range(text: string): Range {
  const [, from, to = from] = /^(\d{1,6})(?:\.\.(\d{1,6}))?$/.exec(text) ?? [];
  const [fewest, most] = [Number(from), Number(to)];
  if (fewest >= 1 && most >= fewest) return { fewest, most };
  throw new InvalidArgumentError("Expected a whole number of at least 1, or a range such as 1..10.");
}

function separator(text: string): string {
  const character = text === "\\t" || text === "tab" ? "\t" : text;
  if (character.length === 1 && !/["\r\n]/.test(character)) return character;
  throw new InvalidArgumentError("Expected one character, or tab.");
}

async function select(file: string, options: Options): Promise<void> {
  await checkOut("--out", options.out, "report", file);
  const { checksum, ...table } = await readTable(file, options);
  const problem = orWrongCall(file, () => problemOf(table, options.target, options.task));
  const most = Math.min(USUALLY_MOST, problem.columns.length);
  const { fewest, most: asked } = options.features ?? { fewest: 1, most };
  const study = { ...options, fewest, most: asked };
  orWrongCall(file, () => checkStudy(problem, study));
  const reporter = await begin(options);
  try {
    sayTable(reporter, file, { table, problem, checksum });
    const found = await studyColumns(problem, { ...study, onProgress: reporter.progress });
    const metric = metricOf(problem);
    sayStudy(reporter, found, problem, metric);
    await writeAtomically(
      options.out,
      renderReport(await reportOf(file, options, { table, problem, checksum, study, found, metric })),
    );
    reporter.say(`\nReport: ${options.out}`);
    reporter.record("report", { file: options.out });
  } finally {
    reporter.close();
  }
}

/** What does not fit the table is the caller's mistake. */
function orWrongCall<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new WrongCall(`${file}: ${error.message}`) : error;
  }
}

function sayTable(reporter: Reporter, file: string, { table, problem, checksum }: Read): void {
  reporter.say(`${file}: ${describeProblem(problem)}.`);
  const dates = table.columns.filter((column) => column.kind === "number" && column.isDate).map(({ name }) => name);
  if (dates.length > 0) reporter.say(`As days since 1970-01-01: ${foreignText(listed(dates), 200)}.`);
  for (const { name, reason } of table.leftOut) reporter.say(`Left out: ${foreignText(name)}, ${reason}.`);
  reporter.record("table", { file, checksum, ...describeTable(table), target: problem.name, classes: problem.classes });
}

/** Such as "569 rows, 30 columns to choose from; classification of diagnosis: benign, malignant". */
function describeProblem({ name, rows, columns, classes, dropped }: Problem): string {
  const kind = classes.length > 0 ? `classification of ${name}: ${listed(classes)}` : `regression of ${name}`;
  const without = dropped > 0 ? ` (${formatNumber(dropped, 0)} more have no ${name})` : "";
  const text = `${formatNumber(rows, 0)} rows${without}, ${countText(columns.length)} to choose from; ${kind}`;
  return foreignText(text, 300);
}

function sayStudy(reporter: Reporter, study: Study, problem: Problem, metric: Metric): void {
  const { curve, knee, all, rest, none } = study;
  const doubt = doubtText(study, metric);
  const { columns: head, rows, title } = curveTable(study, metric);
  reporter.say(`\n${title} (all columns ${estimateText(all, metric)}, none ${estimateText(none, metric)})`);
  reporter.say(
    drawTable(
      [...head],
      rows.map((row) => [...row]),
    ),
  );
  if (doubt !== undefined) reporter.say(doubt);
  if (knee !== undefined && curve.length > 1) {
    reporter.say(`* The knee: ${countText(knee)}. More add less than a standard error.`);
  }
  const choice = choiceOf(study);
  reporter.say(`\nChosen from all rows, ${ORIGINS[choice.origin]}:`);
  const chosen = chosenTable(study, metric);
  reporter.say(
    drawTable(
      [...chosen.columns],
      chosen.rows.map((row) => [...row]),
    ),
  );
  if (rest) reporter.say(`All but these: ${estimateText(rest, metric)}`);
  for (const point of curve) reporter.record("point", { ...point });
  const { curve: _, ...record } = study;
  reporter.record("selection", {
    metric: metric.name,
    classes: problem.classes,
    order: choice.columns,
    ...record,
    knee: knee ?? null,
    toldFromNone: doubt === undefined,
  });
}

function choiceOf({ curve, features }: Study): Choice {
  return curve.find((point) => point.features === features)!.choice;
}

/** Where a choice comes from, and what its order is. */
const ORIGINS: Readonly<Record<Origin, string>> = {
  learned: "learned, the one that is missed most first",
  univariate: "the best ones one by one, the best first",
  forward: "by greedy forward selection, in the order in which they came",
  lasso: "by L1, in the order in which they got a weight",
};

/** What was read of a file. */
interface Read {
  readonly table: Table;
  readonly problem: Problem;
  /** SHA-256 of its bytes. */
  readonly checksum: string;
}

interface Found extends Read {
  readonly study: StudyOptions;
  readonly found: Study;
  readonly metric: Metric;
}

async function reportOf(
  file: string,
  options: Options,
  { table, problem, checksum, study, found, metric }: Found,
): Promise<Report> {
  // Imported late: what draws takes long to load, and a list of the commands has no need of it.
  const { reportParts } = await import("@softdraw/experiments/select/report-parts");
  const { fewest, most, folds, seeds, seed, estimator, steps } = study;
  const parts = reportParts(found, metric);
  const doubt = doubtText(found, metric);
  const leftOut = table.leftOut.map(({ name, reason }) => [name, reason]);
  return {
    title: `Columns of ${basename(file)} that tell ${problem.name}`,
    summary: [
      `${describeProblem(problem)}.`,
      "Scores are of rows that were held out while columns were chosen and networks fitted.",
      ...(doubt === undefined ? [] : [doubt]),
    ].join(" "),
    command: commandOf(file, options),
    details: [
      ["Softdraw", packageJson.version],
      ["Data, SHA-256", checksum],
      ["Engine", engineDescription()],
      ["Choice", ORIGINS[choiceOf(found).origin]],
    ],
    config: {
      target: problem.name,
      features: fewest === most ? most : `${fewest}..${most}`,
      folds,
      seeds,
      seed,
      estimator,
      steps,
    },
    pictures: [],
    ...parts,
    tables: [...(parts.tables ?? []), { title: "Left out", columns: ["column", "reason"], rows: leftOut }],
  };
}

/** The command that gives the same report. */
function commandOf(file: string, options: Options): string {
  const { features, missing, ...rest } = options;
  const flags = Object.entries({
    target: rest.target,
    features: features && (features.fewest === features.most ? features.most : `${features.fewest}..${features.most}`),
    task: rest.task,
    ignore: rest.ignore?.join(),
    categorical: rest.categorical?.join(),
    numeric: rest.numeric?.join(),
    missing: missing === usuallyMissing ? undefined : missing?.join(),
    separator: rest.separator === "\t" ? "tab" : rest.separator,
    ...unlessDefault({ folds: 5, seeds: 1, seed: 0, estimator: "relaxed", steps: 120, device: "wasm" }, options),
  });
  const given = flags.flatMap(([name, value]) =>
    value === undefined ? [] : [`--${kebab(name)} ${quote(String(value))}`],
  );
  return ["softdraw select", quote(file), ...given].join(" ");
}

function unlessDefault<T extends object>(
  defaults: T,
  values: { readonly [K in keyof T]: unknown },
): Partial<Record<keyof T, unknown>> {
  const names = Object.keys(defaults) as (keyof T)[];
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === defaults[name] ? [] : [[name, values[name]]])),
  ) as Partial<Record<keyof T, unknown>>;
}
