/** What a study found, as charts and tables of a report. */

import { type LineChart, lineChart } from "../report/charts.ts";
import type { Report, ReportTable } from "../report/html.ts";
import { measureChart } from "../report/sweep-charts.ts";
import type { Problem } from "./problem.ts";
import { type Estimate, type Method, methods, type Point, type Study } from "./study.ts";

/** How scores are called, and shown. */
export interface Metric {
  readonly name: string;
  /** The score as a number to be shown: accuracies are percentages. */
  scaled(score: number): number;
  readonly digits: number;
  readonly unit: string;
  readonly loss: string;
}

export function metricOf({ classes }: Problem): Metric {
  if (classes.length === 0) {
    return { name: "R2", scaled: (score) => score, digits: 3, unit: "", loss: "squared error" };
  }
  return { name: "accuracy", scaled: (score) => 100 * score, digits: 1, unit: "%", loss: "log loss" };
}

/** How the ways to choose are called. */
export const methodNames: Readonly<Record<Method, string>> = {
  chosen: "softdraw",
  univariate: "one by one",
  forward: "greedy forward",
  lasso: "L1",
};

/** Such as `1 column` or `5 columns`. */
export function countText(columns: number): string {
  return `${columns} column${columns === 1 ? "" : "s"}`;
}

/** Such as `94.1 ± 0.6 %`. */
export function estimateText({ score, standardError }: Estimate, { scaled, digits, unit }: Metric): string {
  const [mean, error] = [score, standardError].map((value) => scaled(value).toFixed(digits));
  return `${mean} ± ${error}${unit && ` ${unit}`}`;
}

/** A difference of scores, with its sign, such as `-2.6`. */
export function changeText(change: number, { scaled, digits }: Metric): string {
  const text = scaled(change).toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0(\.0*)?)$/, "$1");
}

/** What there is to say where the columns may say nothing; undefined where they do. */
export function doubtText({ knee, curve, features, none }: Study, metric: Metric): string | undefined {
  if (knee !== undefined) return undefined;
  const { chosen } = curve.find((point) => point.features === features)!;
  const best = `${curve.length > 1 ? "the best has" : "it has"} ${estimateText(chosen, metric)}`;
  return `No choice is told from none: ${best}, none ${estimateText(none, metric)}.`;
}

/** The scores of every number of columns, by every way to choose them. */
export function curveTable({ curve, knee }: Study, metric: Metric): ReportTable {
  const rows = curve.map((point) => [
    `${point.features}${curve.length > 1 && point.features === knee ? " *" : ""}`,
    ...methods.map((method) => estimateText(point[method], metric)),
  ]);
  return {
    title: `Held-out ${metric.name}`,
    columns: ["columns", ...methods.map((method) => methodNames[method])],
    rows,
  };
}

/** The chosen columns, each with what it adds and what stands in for it. */
export function chosenTable({ chosen }: Study, metric: Metric): ReportTable {
  const rows = chosen.map(({ column, stability, change, standIns }) => [
    column,
    `${Math.round(100 * stability)} %`,
    changeText(change, metric),
    standIns
      .map((other) => `${other.column} (r ${other.correlation.toFixed(2)}): ${changeText(other.change, metric)}`)
      .join("; ") || "none",
  ]);
  return {
    title: "Chosen columns",
    columns: ["column", "chosen in folds", "change without it", "stand-ins, and the change with them instead"],
    rows,
  };
}

/** Which columns are chosen from all rows, for each number of them. */
function choicesTable({ curve }: Study): ReportTable {
  const ever = Array.from(new Set(curve.flatMap(({ choice }) => choice.columns)));
  const rows = ever.map((column) => [
    column,
    ...curve.map(({ choice }) => (choice.columns.includes(column) ? "●" : "")),
  ]);
  const title = "Chosen from all rows, for each number of columns";
  return { title, columns: ["column", ...curve.map(({ features }) => `${features}`)], rows };
}

/** Everything in a report that a study says. */
export function reportParts(
  study: Study,
  metric: Metric,
): Pick<Report, "results" | "charts" | "epochs" | "tables" | "references"> {
  const { curve, features, all, rest, none, sometimes } = study;
  const point = curve.find((other) => other.features === features)!;
  const heldOut = (estimate: Estimate) => estimateText(estimate, metric);
  const others = sometimes.map(({ column, stability }) => [column, `${Math.round(100 * stability)} %`]);
  return {
    results: [
      {
        name: `${metric.name} with ${countText(features)}`,
        value: heldOut(point.chosen),
        note: point.choice.columns.join(", "),
      },
      { name: "with all columns", value: heldOut(all) },
      ...(rest ? [{ name: "with all but these", value: heldOut(rest) }] : []),
      { name: "with none", value: heldOut(none), note: study.knee === undefined ? "no choice is told from it" : "" },
    ],
    charts:
      curve.length > 1 ? [kneeChart(study, metric), methodsChart(study, metric)] : [barsChart(point, study, metric)],
    epochs: chosenTable(study, metric),
    tables: [
      curveTable(study, metric),
      ...(curve.length > 1 ? [choicesTable(study)] : []),
      { title: "Columns that were chosen in some folds only", columns: ["column", "chosen in folds"], rows: others },
    ],
    references: REFERENCES,
  };
}

function labelOf({ name, unit }: Metric): string {
  return `held-out ${name}${unit && `, ${unit}`}`;
}

function kneeChart({ curve, knee }: Study, metric: Metric) {
  const title = `${metric.name} and number of columns`;
  const points = curve.map(({ features, chosen }) => ({
    x: features,
    y: metric.scaled(chosen.score),
    halfWidth: metric.scaled(chosen.standardError),
    winner: features === knee,
  }));
  const svg = measureChart({ title, x: { label: "columns", log: false }, y: { label: labelOf(metric) }, points });
  const ring =
    knee === undefined
      ? "There is no knee: the best score is not above that of no columns by a standard error."
      : "The ring is the knee: the fewest columns whose score is within a standard error of the best.";
  const caption = `Each bar is a standard error over the folds to either side. ${ring}`;
  return { title: "How many columns are enough", caption, svg };
}

function methodsChart({ curve, all }: Study, metric: Metric) {
  const level = (estimate: Estimate) =>
    curve.map(({ features }) => ({ x: features, y: metric.scaled(estimate.score) }));
  const series: LineChart["series"] = [
    ...methods.map((method) => ({
      name: methodNames[method],
      points: curve.map((point) => ({ x: point.features, y: metric.scaled(point[method].score) })),
    })),
    { name: "all columns", points: level(all) },
  ];
  const title = "Beside other ways to choose";
  const svg = lineChart({ title, x: { label: "columns" }, y: { label: labelOf(metric) }, series });
  return { title, caption: "The same network is fitted to what each of them chooses.", svg };
}

function barsChart(point: Point, { all }: Study, metric: Metric) {
  const bars = [
    ...methods.map((method) => ({ name: methodNames[method], estimate: point[method] })),
    { name: "all columns", estimate: all },
  ];
  const title = "Beside other ways to choose";
  const points = bars.map(({ estimate }, place) => ({
    x: place,
    y: metric.scaled(estimate.score),
    halfWidth: metric.scaled(estimate.standardError),
    winner: place === 0,
  }));
  const names = bars.map(({ name }) => name);
  const svg = measureChart({ title, x: { label: "", log: false, names }, y: { label: labelOf(metric) }, points });
  const caption = `With ${countText(point.features)} each, and the same network. Each bar is a standard error over the folds to either side.`;
  return { title, caption, svg };
}

const REFERENCES: Report["references"] = [
  {
    text: "Xie, Ermon: Reparameterizable Subset Sampling via Continuous Relaxations, 2019",
    url: "https://arxiv.org/abs/1901.10517",
  },
  {
    text: "Amos, Koltun, Kolter: The Limited Multi-Label Projection Layer, 2019",
    url: "https://arxiv.org/abs/1906.08707",
  },
  { text: "Yang, Wang, Zuo: Neighborhood Component Feature Selection for High-Dimensional Data, 2012" },
  { text: "Tibshirani: Regression Shrinkage and Selection via the Lasso, 1996" },
  { text: "Guyon, Elisseeff: An Introduction to Variable and Feature Selection, 2003" },
];
