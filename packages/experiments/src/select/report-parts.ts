/** The parts of the report of a study, with its charts. Apart from the words, because what draws takes long to load. */

import { type LineChart, lineChart } from "../report/charts.ts";
import type { Report, ReportTable } from "../report/html.ts";
import { measureChart } from "../report/sweep-charts.ts";
import { chosenTable, countText, curveTable, estimateText, type Metric, methodNames } from "./show.ts";
import { type Estimate, methods, type Point, type Study } from "./study.ts";

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
