/** The experiments as plain values: what a form, a chart and a page about them need to know. */

import { experiments } from "@softdraw/experiments/all";
import { columnsOfTable } from "@softdraw/experiments/columns";
import type { BaseConfig, Chart, Column, EpochRecord, Experiment, Result } from "@softdraw/experiments/experiment";
import { type Field, fieldsOf } from "@softdraw/experiments/fields";
import { nameWith } from "./names.ts";

export interface ExperimentFacts extends Pick<Experiment, "name" | "title" | "summary" | "references" | "scopes"> {
  readonly fields: Readonly<Record<string, Field>>;
  readonly presets: Readonly<Record<string, { readonly description: string; readonly values: Values }>>;
  readonly columns: readonly Column[];
  /** Of one of the reader's: the file that it is from. */
  readonly file?: string | undefined;
  /** Whether it learns from a data set. */
  readonly takesData: boolean;
}

/** A configuration, or a part of one, by field. */
export type Values = Readonly<Record<string, unknown>>;

/** What is wrong with a field of a configuration. */
export interface Complaint {
  readonly field: string;
  readonly message: string;
}

/** Which data there is, is the page's affair: see data.ts. */
const DATA_FIELDS = ["data", "dataDir", "size", "grey", "testShare", "fold"];

type Named = readonly [name: string, experiment: Experiment];

/** By name, the tasks of those that have several each by itself. */
function namesOf(all: readonly Experiment[]): readonly Named[] {
  return all.flatMap((experiment): Named[] => {
    if (experiment.tasks === undefined) return [[experiment.name, experiment]];
    return Object.entries(experiment.tasks).map(([task, own]) => [nameWith(experiment.name, task), own]);
  });
}

/** Those of the reader, by name. */
const own = new Map<string, Experiment>();

/** Takes one more experiment, in place of one of the reader's that had its name. */
export function addExperiment(experiment: Experiment): void {
  own.set(experiment.name, experiment);
}

function allExperiments(): readonly Experiment[] {
  return [...experiments, ...own.values()];
}

/** @param all those that the page has, unless others are given */
export function describeExperiments(all = allExperiments()): ExperimentFacts[] {
  return namesOf(all).map(([name, experiment]) => {
    const { title, summary, references, presets, columns, scopes = [] } = experiment;
    const own = Object.entries(fieldsOf(experiment)).filter(([field]) => ![...DATA_FIELDS, "task"].includes(field));
    const fields = own.filter(([, { type }]) => type !== undefined);
    const plain = columnsOfTable(columns).map(({ key, label, description, digits }) => ({
      key,
      label,
      description,
      digits,
    }));
    const facts = { name, title, summary, references, scopes, fields: Object.fromEntries(fields), columns: plain };
    const takesData = "data" in fieldsOf(experiment);
    const file = experiment.module?.path;
    return { ...facts, file, takesData, presets: presets as ExperimentFacts["presets"] };
  });
}

/** @throws Error naming the experiments that there are */
export function experimentNamed(name: string): Experiment {
  const named = namesOf(allExperiments());
  const [, found] = named.find(([one]) => one === name) ?? [];
  if (found) return found;
  throw new Error(`There is no experiment "${name}": expected ${named.map(([name]) => name).join(", ")}.`);
}

/** The experiment that the command line calls by the first of the words of a name: the others are its task. */
export function familyOf(name: string): Experiment {
  return allExperiments().find((one) => one.name === name.split(" ")[0])!;
}

export function takesData(name: string): boolean {
  return "data" in fieldsOf(experimentNamed(name));
}

export function checkConfiguration(name: string, values: Values): Complaint[] {
  const { error } = experimentNamed(name).schema.safeParse(values);
  return error ? error.issues.map(complaintOf) : [];
}

/** @throws Error naming every field that is wrong */
export function configurationOf(name: string, values: Values): BaseConfig {
  const { data, error } = experimentNamed(name).schema.safeParse(values);
  if (data) return data;
  throw new Error(
    error.issues
      .map(complaintOf)
      .map(({ field, message }) => `${field}: ${message}`)
      .join("; "),
  );
}

function complaintOf({ path, message }: { path: readonly PropertyKey[]; message: string }): Complaint {
  return { field: String(path[0] ?? ""), message };
}

export function chartsOf(name: string, records: readonly EpochRecord[]): Chart[] {
  return experimentNamed(name).charts(records);
}

/** The most important figure of each run, by its last record. */
export function headlinesOf(
  runs: readonly { readonly name: string; readonly metrics: object | undefined }[],
): (Result | undefined)[] {
  const named = namesOf(allExperiments());
  return runs.map(({ name, metrics }) => {
    const [, experiment] = named.find(([one]) => one === name) ?? [];
    const [first] = (metrics && experiment?.results([metrics as EpochRecord])) ?? [];
    // Not every epoch measures everything.
    return Number.isFinite(first?.value) ? first : undefined;
  });
}
