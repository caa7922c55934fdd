/** What a training reports: columns, which say once what each number is, and the records and results that follow. */

import type { Series } from "./report/charts.ts";

/** A number that is measured, and how it is shown. */
export interface Column {
  readonly key: string;
  /** As short as a table head. */
  readonly label: string;
  /** What the number is, with its unit. */
  readonly description: string;
  readonly digits: number;
  /** Characters of its largest numbers in a table, where they are more than six. */
  readonly width?: number;
  /** How it is called where it is a result; default its label. */
  readonly name?: string;
  /** Of the number where it is a result. */
  readonly unit?: string;
  /** Behind the result; a function of how many examples were judged, where it says that. */
  readonly note?: string | ((judged: number | undefined) => string | undefined);
  /** Not every epoch measures it. */
  readonly isOccasional?: true;
  /** A result alone: where most configurations have no such number, a table would have a column of dashes. */
  readonly isResultOnly?: true;
}

/** Those of a table with a row an epoch. */
export function columnsOfTable(columns: readonly Column[]): readonly Column[] {
  return columns.filter(({ isResultOnly }) => !isResultOnly);
}

/** A headline number. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly digits: number;
  readonly unit?: string;
  readonly note?: string;
}

/** Numbers by name: `epoch`, and those of an experiment's columns that were measured in this epoch. */
export type EpochRecord = { readonly epoch: number } & Readonly<Partial<Record<string, number>>>;

/** The record of columns whose keys are known. */
export type RecordOf<Columns extends readonly Column[]> = { readonly epoch: number } & MeasuresOf<Columns>;

/** The numbers of columns. */
export type MeasuresOf<Columns extends readonly Column[]> = {
  readonly [C in Columns[number] as C extends { readonly isOccasional: true } ? never : C["key"]]: number;
} & {
  readonly [C in Columns[number] as C extends { readonly isOccasional: true } ? C["key"] : never]?: number;
};

/** The mean of the loss that was minimized. */
export function lossColumn<const Key extends string>(key: Key, digits: number, unit = "") {
  const description = `mean over the epoch of the loss that was minimized${unit}`;
  return { key, label: key, digits, description } as const;
}

export const temperatureColumn = {
  key: "temperature",
  label: "temp",
  digits: 3,
  description: "temperature of the last step",
} as const;

/** Examples a second; keys that end in `PerSecond` are timings, which differ from run to run. */
export function paceColumn<const Key extends `${string}PerSecond`>(key: Key, label: string) {
  return { key, label, digits: 0, description: "training speed, measuring apart" } as const;
}

/** Makes the line of a column over the epochs, with a gap where it was not measured. */
export function seriesOf(records: readonly EpochRecord[]): (name: string, key: string) => Series {
  return (name, key) => ({ name, points: records.map((r) => ({ x: r.epoch, y: r[key] ?? Number.NaN })) });
}

/**
 * The results that some columns make up, in the order of `keys`; a column that was not measured is left out.
 *
 * @param judged how many examples were judged, where the notes say it
 */
export function resultsOf(
  columns: readonly Column[],
  keys: readonly string[],
  measures: Readonly<Partial<Record<string, number>>>,
  judged?: number,
): Result[] {
  return keys.flatMap((key) => {
    const [column, value] = [columns.find((column) => column.key === key), measures[key]];
    if (column === undefined) throw new Error(`No column has the key "${key}".`);
    return value === undefined ? [] : [resultOf(column, value, judged)];
  });
}

function resultOf({ label, name = label, digits, unit, note }: Column, value: number, judged?: number): Result {
  const told = typeof note === "function" ? note(judged) : note;
  return {
    name,
    value,
    digits,
    ...(unit !== undefined && { unit }),
    ...(told !== undefined && { note: told }),
  };
}
