/** What a sweep found, as rows of a table and as a page. */

import type { Column, Experiment, Result } from "@softdraw/experiments/experiment";
import { lineChart } from "@softdraw/experiments/report/charts";
import { type Report, renderReport } from "@softdraw/experiments/report/html";
import { measureChart, type ParameterAxis, parallelChart } from "@softdraw/experiments/report/sweep-charts";
import { formatNumber, formatResult } from "../report/numbers.ts";
import { kebab, trainCommand } from "../training/command.ts";
import { usedDevice } from "../training/engine.ts";
import { describeValues, isList, isLogarithmic, namesOf, optionsOf, type Parameter, type Value } from "./parameters.ts";
import type { Estimate, Standing, Summary } from "./summary.ts";
import type { SweepDefinition } from "./sweep.ts";

/** The combinations, best first, as the cells of a table. */
export function combinationCells(
  standings: readonly Standing[],
  experiment: Experiment,
  { folds }: Pick<SweepDefinition, "folds">,
): { head: string[]; rows: string[][] } {
  const names = Object.keys(optionsOf(standings[0]!.values));
  const [discrete, relaxed] = [columnOf(experiment, "discrete", folds), columnOf(experiment, "relaxed", folds)];
  const head = ["", ...names.map(kebab), discrete.label, relaxed.label, "epochs", "trials"];
  const rows = standings.map((standing, index) => [
    String(index + 1),
    ...names.map((name) => String(optionsOf(standing.values)[name])),
    formatEstimate(standing.discrete, discrete),
    formatEstimate(standing.relaxed, relaxed),
    `${standing.epochs}${standing.whole ? "" : ", ended early"}`,
    `${standing.trials}${standing.failed > 0 ? `, ${standing.failed} failed` : ""}`,
  ]);
  return { head, rows };
}

/** A mean with the half width of its interval. */
function formatEstimate(estimate: Estimate | undefined, { digits }: Pick<Column, "digits">): string {
  if (estimate === undefined) return "–";
  const mean = formatNumber(estimate.mean, digits);
  return Number.isNaN(estimate.halfWidth) ? mean : `${mean} ± ${formatNumber(estimate.halfWidth, digits)}`;
}

/** The column of an objective, worded for trials: they are measured on a held-out part, unless nothing is held out. */
function columnOf({ columns, objectives }: Experiment, which: "discrete" | "relaxed", folds: number): Column {
  const column = columns.find(({ key }) => key === objectives[which].key)!;
  if (which === "relaxed")
    return { ...column, label: column.label === "relaxed" ? "relaxed" : `relaxed ${column.label}` };
  if (column.label !== "test" || folds === 0) return column;
  return {
    ...column,
    label: "held out",
    description: column.description.replace("test set", "held-out part").replace("test", "held-out"),
  };
}

/** The winner, once it has been trained on all the training data: its results, and its report relative to the page. */
export interface Trained {
  readonly results: readonly Result[];
  readonly report: string;
}

/** The page of a sweep, which opens without a server. */
export function sweepReport(
  folder: string,
  definition: SweepDefinition,
  family: Experiment,
  experiment: Experiment,
  summary: Summary,
  trained: Trained | undefined,
): string {
  const { standings, winner } = summary;
  const { head, rows } = combinationCells(standings, experiment, definition);
  const { seeds, folds, halving, parameters, config } = definition;
  const varied = new Set(parameters.flatMap(namesOf));
  return renderReport({
    title: `A sweep: ${experiment.title}`,
    summary: `${standings.length} combinations, compared by exact choices on data that none was trained on.`,
    command: definition.command,
    details: [
      ["Begun", definition.created.replace("T", " ").replace(/\.\d+Z$/, " UTC")],
      ["Softdraw", definition.version],
      [
        "Trainings a combination",
        `${seeds} seed${seeds === 1 ? "" : "s"}${folds > 1 ? ` x ${folds} parts held out in turn` : ""}`,
      ],
      ["Measured on", measuredOn(definition)],
      ["Ended early", halving ? `of every ${halving.reduction}, one goes on` : "none"],
      ["Folder", folder],
    ],
    config: Object.fromEntries(Object.entries(config).filter(([name]) => !varied.has(name))),
    results: winner ? [...resultsOf(summary, definition, family, experiment), ...trainedResults(trained)] : [],
    charts: winner ? chartsOf(summary, definition, experiment) : [],
    pictures: [],
    epochs: { title: "Combinations", columns: ["rank", ...head.slice(1)], rows },
    references: REFERENCES,
  });
}

const REFERENCES = [
  {
    text: "Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht, Talwalkar: A System for Massively Parallel Hyperparameter Tuning, 2020",
    url: "https://arxiv.org/abs/1810.05934",
  },
];

function measuredOn({ folds, config }: SweepDefinition): string {
  if (folds === 0) return config.data === undefined ? "fresh data" : "the test set, trained on all the training data";
  return folds === 1 ? "the last sixth of the training data" : `each of ${folds} parts of the training data`;
}

function trainedResults(trained: Trained | undefined): Report["results"] {
  const [first] = trained?.results ?? [];
  if (!trained || !first) return [];
  const note = `the best combination, trained on all the training data; its report is ${trained.report}`;
  return [{ name: first.name, value: formatResult(first), note }];
}

function resultsOf(
  { winner, byRelaxed }: Summary,
  definition: SweepDefinition,
  family: Experiment,
  experiment: Experiment,
): Report["results"] {
  const { folds } = definition;
  const [discrete, relaxed] = [columnOf(experiment, "discrete", folds), columnOf(experiment, "relaxed", folds)];
  const config = family.schema.parse({ ...definition.config, ...optionsOf(winner!.values) });
  const best = {
    name: "best combination",
    value: describeValues(winner!.values),
    note: trainCommand(family, config, usedDevice().device),
  };
  const measured = {
    name: discrete.label,
    value: formatEstimate(winner!.discrete, discrete),
    note: discrete.description,
  };
  if (!byRelaxed) return [best, measured];
  const same = byRelaxed === winner;
  const note = same
    ? "the same, here"
    : `${discrete.label} ${formatEstimate(byRelaxed.discrete, discrete)}: the relaxed measure would have chosen worse`;
  return [best, measured, { name: `best by "${relaxed.label}"`, value: describeValues(byRelaxed.values), note }];
}

function chartsOf(summary: Summary, { parameters, folds }: SweepDefinition, experiment: Experiment): Report["charts"] {
  const { winner, byRelaxed } = summary;
  const standings = summary.standings.filter(({ discrete }) => discrete);
  const whole = standings.filter((standing) => standing.whole);
  const [discrete, relaxed] = [columnOf(experiment, "discrete", folds), columnOf(experiment, "relaxed", folds)];
  const against = parameters.flatMap((parameter) => [
    measureOf(parameter, whole, "discrete", discrete, winner),
    ...(byRelaxed ? [measureOf(parameter, whole, "relaxed", relaxed, byRelaxed)] : []),
  ]);
  const shown = standings.slice(0, MOST_CURVES);
  const curves = {
    title: `${discrete.label}, by epoch`,
    caption: `${discrete.description}, a mean over a combination's trials.${standings.length > MOST_CURVES ? ` The best ${MOST_CURVES} combinations.` : ""}`,
    svg: lineChart({
      title: `${discrete.label} by epoch, for every combination`,
      x: { label: "epoch" },
      y: { label: discrete.label },
      series: shown.map(({ values, curve }) => ({ name: Object.values(values).join(", "), points: curve })),
    }),
  };
  return [...against, parallel(parameters, whole, discrete, winner, byRelaxed), curves];
}

const MOST_CURVES = 10;

function measureOf(
  parameter: Parameter,
  standings: readonly Standing[],
  which: "discrete" | "relaxed",
  { label, description }: Column,
  best: Standing | undefined,
): Report["charts"][number] {
  const title = `${label} by ${kebab(parameter.name)}`;
  const axis = axisOf(parameter);
  const points = standings.flatMap((standing) => {
    const estimate = standing[which];
    if (!estimate) return [];
    const x = coordinateOf(parameter, standing);
    return [{ x, y: estimate.mean, halfWidth: estimate.halfWidth, winner: standing === best }];
  });
  const kind = which === "discrete" ? "exact choices" : "relaxed choices, which training sees";
  return {
    title,
    caption: `${description}: ${kind}. A dot is a combination, its bar the 95 % interval, the ring the best of this measure.`,
    svg: measureChart({ title, x: axis, y: { label }, points }),
  };
}

function parallel(
  parameters: readonly Parameter[],
  standings: readonly Standing[],
  { label }: Column,
  winner: Standing | undefined,
  byRelaxed: Standing | undefined,
): Report["charts"][number] {
  const axes = parameters.map((parameter) => ({
    ...axisOf(parameter),
    values: standings.map((standing) => coordinateOf(parameter, standing)),
  }));
  const measured = { label, log: false, ends: true, values: standings.map(({ discrete }) => discrete!.mean) };
  const indexOf = (standing: Standing | undefined) => (standing ? standings.indexOf(standing) : undefined);
  const other = byRelaxed === winner ? undefined : indexOf(byRelaxed);
  const title = "All parameters beside each other";
  return {
    title,
    caption: `A line is a combination; the thick one is the best${other === undefined ? "" : ", the dashed one what the relaxed measure would have chosen"}.`,
    svg: parallelChart({ title, axes: [...axes, measured], winner: indexOf(winner), other }),
  };
}

function axisOf(parameter: Parameter): ParameterAxis {
  const [label, names] = [kebab(parameter.name), wordsOf(parameter)];
  return names ? { label, log: false, names: names.map(String) } : { label, log: isLogarithmic(parameter) };
}

/** Where a standing lies on the axis of a parameter: a number by itself, a name by its index among the values. */
function coordinateOf(parameter: Parameter, { values }: Standing): number {
  const value = values[parameter.name]!;
  return wordsOf(parameter)?.indexOf(value) ?? Number(value);
}

/** The values of a parameter that is not a number. */
function wordsOf(parameter: Parameter): readonly Value[] | undefined {
  return isList(parameter) && parameter.values.some((value) => typeof value !== "number")
    ? parameter.values
    : undefined;
}
