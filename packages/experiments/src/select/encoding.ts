/** Columns as features: what is learned about a column, such as its mean, is learned from the rows to learn from alone. */

import type { Problem } from "./problem.ts";
import { type CategoryColumn, type Column, hasMissing, type NumberColumn } from "./table.ts";

/** The features of all rows, as some of the rows scale them. */
export interface Encoded {
  /** Features of a row. */
  readonly width: number;
  /** `[rows, width]`, row after row. */
  readonly values: Float32Array;
  /** The features of each column. */
  readonly groups: readonly (readonly number[])[];
}

/** A feature of every row. */
type Feature = Float64Array;

/**
 * A number becomes its distance from the mean in standard deviations; where numbers are missing, they become 0, and a second
 * feature says that they are. A category becomes a feature for each, 1 or 0 less its mean, scaled so that the variances of all of them sum to
 * 1: so every column weighs the same. A missing category is one more category.
 *
 * @param learnFrom the rows that means and deviations are of
 */
export function encode({ columns, rows }: Pick<Problem, "columns" | "rows">, learnFrom: readonly number[]): Encoded {
  const features: Feature[] = [];
  const groups = columns.map((column) => {
    const own = column.kind === "number" ? numberFeatures(column, learnFrom) : categoryFeatures(column, learnFrom);
    return own.map((feature) => features.push(feature) - 1);
  });
  const width = features.length;
  const values = new Float32Array(rows * width);
  features.forEach((feature, place) => {
    for (let row = 0; row < rows; row++) values[row * width + place] = feature[row]!;
  });
  return { width, values, groups };
}

function numberFeatures(column: NumberColumn, learnFrom: readonly number[]): Feature[] {
  const known = learnFrom.map((row) => column.values[row]!).filter((value) => !Number.isNaN(value));
  const { mean, deviation } = momentsOf(known);
  const scaled = column.values.map((value) => (deviation > 0 && !Number.isNaN(value) ? (value - mean) / deviation : 0));
  // What is far out among the other rows is no reason to be carried off.
  const bounded = scaled.map((value) => Math.max(-FARTHEST, Math.min(FARTHEST, value)));
  return hasMissing(column) ? [bounded, centered(indicator(column, Number.isNaN), learnFrom)] : [bounded];
}

/** Deviations from the mean, beyond which a value counts as being just there. */
const FARTHEST = 6;

/** How many features a column becomes. */
export function countFeatures(column: Column): number {
  return column.kind === "number" ? 1 + Number(hasMissing(column)) : placesOf(column).length;
}

/** The categories that have a feature: of two, one says all. */
function placesOf(column: CategoryColumn): number[] {
  const places = column.categories.map((_, place) => place);
  if (hasMissing(column)) return [...places, -1];
  return places.length === 2 ? [1] : places;
}

function categoryFeatures(column: CategoryColumn, learnFrom: readonly number[]): Feature[] {
  const told = placesOf(column);
  const features = told.map((place) =>
    centered(
      indicator(column, (value) => value === place),
      learnFrom,
    ),
  );
  const variance = features.reduce((sum, feature) => sum + squareAt(feature, learnFrom), 0) / learnFrom.length;
  return features.map((feature) => feature.map((value) => (variance > 0 ? value / Math.sqrt(variance) : 0)));
}

function indicator({ values }: Column, is: (value: number) => boolean): Feature {
  return Float64Array.from(values, (value) => Number(is(value)));
}

function centered(feature: Feature, learnFrom: readonly number[]): Feature {
  const { mean } = momentsOf(learnFrom.map((row) => feature[row]!));
  return feature.map((value) => value - mean);
}

function squareAt(feature: Feature, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + feature[row]! ** 2, 0);
}

/** The mean, and the root mean squared distance from it: 0 where there are no values. */
export function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // Of equal numbers the mean is off by rounding.
  return { mean, deviation: square > 1e-20 * mean * mean ? Math.sqrt(square) : 0 };
}

/** The target as numbers that are learned, `[rows, outputs]`. */
export interface Targets {
  readonly outputs: number;
  readonly values: Float32Array;
}

/**
 * A value is scaled as a feature is. A class becomes a number for each: 1 or 0 less the share p of the class, over the root of p. Then least
 * squares by one column are its correlation ratio, or the chi-square of its categories.
 */
export function encodeTarget({ target, classes, rows }: Problem, learnFrom: readonly number[]): Targets {
  if (classes.length === 0) {
    const { mean, deviation } = momentsOf(learnFrom.map((row) => target[row]!));
    return { outputs: 1, values: Float32Array.from(target, (value) => (value - mean) / (deviation || 1)) };
  }
  const outputs = classes.length;
  const shares = classes.map((_, place) => learnFrom.filter((row) => target[row] === place).length / learnFrom.length);
  const values = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    shares.forEach((share, place) => {
      const is = Number(target[row] === place);
      values[row * outputs + place] = share > 0 ? (is - share) / Math.sqrt(share) : 0;
    });
  }
  return { outputs, values };
}
