/** What a study found, as charts and tables of a report. */

import type { ReportTable } from "../report/html.ts";
import type { Problem } from "./problem.ts";
import { type Estimate, type Method, methods, type Study } from "./study.ts";

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
