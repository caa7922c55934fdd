/** Several runs beside each other. */

import type { PlotLine } from "../../components/plot-line.ts";
import { nameWith, taskOf } from "../../lab/names.ts";
import type { Record } from "./folder.svelte.ts";

/** The numbers of a metric over the epochs of several runs, with gaps where one has none. */
export function curvesOf(
  runs: readonly { readonly name: string; readonly records: readonly Record[] }[],
  metric: string,
) {
  const columns = runs.map(({ name, records }) => {
    return { name, at: new Map(records.map((record) => [epochOf(record), numberOf(record[metric])])) };
  });
  const epochs = [...new Set(columns.flatMap(({ at }) => [...at.keys()]))]
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const lines = columns.map(
    ({ name, at }): PlotLine => ({ name, values: epochs.map((epoch) => at.get(epoch) ?? null) }),
  );
  return { x: epochs, lines };
}

/** What is compared is of one experiment: the losses of two have nothing in common but their name. */
export function byExperiment<R extends { readonly experiment: string; readonly config: unknown }>(
  runs: readonly R[],
): { readonly experiment: string; readonly runs: readonly R[] }[] {
  const names = runs.map(({ experiment, config }) => nameWith(experiment, taskOf(config)));
  return [...new Set(names)].map((experiment) => ({
    experiment,
    runs: runs.filter((_, i) => names[i] === experiment),
  }));
}

/** Names of everything that is measured in numbers. */
export function metricsOf(records: readonly Record[]): string[] {
  const names = records.flatMap((record) => Object.keys(record).filter((name) => numberOf(record[name]) !== null));
  return [...new Set(names)].filter((name) => name !== "epoch");
}

export interface Setting {
  readonly name: string;
  /** One a run; undefined where it has no such option. */
  readonly values: readonly unknown[];
  readonly differs: boolean;
}

/** Every option of any of the configurations. */
export function settingsOf(configs: readonly unknown[]): Setting[] {
  const objects = configs.map((config) => (typeof config === "object" && config !== null ? config : {})) as Record[];
  const names = [...new Set(objects.flatMap((config) => Object.keys(config)))];
  return names.map((name) => {
    const values = objects.map((config) => config[name]);
    return { name, values, differs: new Set(values.map((value) => JSON.stringify(value))).size > 1 };
  });
}

function epochOf(record: Record): number {
  return numberOf(record.epoch) ?? Number.NaN;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
