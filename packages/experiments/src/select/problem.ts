/**
 * What is to be learned from a table: a target, and the columns that may tell it.
 *
 * @module
 */

import { foreignText } from "../foreign-text.ts";
import { atRows, type CategoryColumn, type Column, countDifferent, hasMissing, listed, type Table } from "./table.ts";

export const tasks = ["classification", "regression"] as const;
export type TaskName = (typeof tasks)[number];

export interface Problem {
  /** Of the target. */
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** The classes' names; none in a regression. */
  readonly classes: readonly string[];
  /** A number for each row: the place of its class, or the value. */
  readonly target: Float64Array;
  /** Rows that were dropped because their target is missing. */
  readonly dropped: number;
}

/** Whole numbers with at most so many different values are classes, unless they are said to be none. */
const MOST_CLASSES_OF_NUMBERS = 10;

const FEWEST_ROWS = 20;

/**
 * The target apart from the other columns. Categories are classes, and so are up to ten different whole numbers; rows without a target are
 * dropped.
 *
 * @throws RangeError for a target that is no column, or cannot be learned
 */
export function problemOf(table: Table, name: string, task?: TaskName): Problem {
  const found = table.columns.find((column) => column.name === name);
  if (found === undefined) throw new RangeError(absence(table, name));
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !isMissingAt(found, row));
  if (rows.length < FEWEST_ROWS) {
    throw new RangeError(`expected at least ${FEWEST_ROWS} rows that say ${foreignText(name)}, got ${rows.length}.`);
  }
  const target = atRows(found, rows);
  const isClassification = (task ?? likelyTask(target)) === "classification";
  if (!isClassification && target.kind === "category") {
    throw new RangeError(`task: expected classification of ${foreignText(name)}, which has texts, got regression.`);
  }
  const { values, categories } = isClassification ? classesOf(target) : { values: target.values, categories: [] };
  checkClasses(name, values, categories);
  const columns = table.columns.filter((column) => column !== found).map((column) => atRows(column, rows));
  const left = columns.filter((column) => countDifferent(column) + Number(hasMissing(column)) > 1);
  if (left.length === 0) throw new RangeError("expected columns beside the target, got none that varies.");
  return {
    name,
    columns: left,
    rows: rows.length,
    classes: categories,
    target: Float64Array.from(values),
    dropped: table.rows - rows.length,
  };
}

function absence({ columns, leftOut }: Table, name: string): string {
  const out = leftOut.find((column) => column.name === name);
  if (out) return `target: expected a column to learn, got "${foreignText(name)}", which is left out: ${out.reason}.`;
  const known = foreignText(listed((columns.length > 0 ? columns : leftOut).map((column) => column.name)), 200);
  const which = columns.length > 0 ? known : `which has none but those that are left out, ${known}`;
  return `target: expected a column of the table, ${which}, got "${foreignText(name)}".`;
}

function isMissingAt({ kind, values }: Column, row: number): boolean {
  return kind === "number" ? Number.isNaN(values[row]!) : values[row] === -1;
}

function likelyTask(target: Column): TaskName {
  if (target.kind === "category") return "classification";
  const isFew = countDifferent(target) <= MOST_CLASSES_OF_NUMBERS && target.values.every(Number.isInteger);
  return isFew ? "classification" : "regression";
}

function classesOf(target: Column): Pick<CategoryColumn, "values" | "categories"> {
  if (target.kind === "category") return target;
  const numbers = Array.from(new Set(target.values)).sort((a, b) => a - b);
  const values = Int32Array.from(target.values, (value) => numbers.indexOf(value));
  return { values, categories: numbers.map(String) };
}

const MOST_CLASSES = 50;

/** Every class has to be in every part of the rows that something is learned from. */
const FEWEST_OF_A_CLASS = 5;

function checkClasses(name: string, values: ArrayLike<number>, classes: readonly string[]): void {
  if (classes.length === 0) return;
  if (classes.length < 2 || classes.length > MOST_CLASSES) {
    throw new RangeError(`expected 2 to ${MOST_CLASSES} classes of ${foreignText(name)}, got ${classes.length}.`);
  }
  const counts = classes.map(() => 0);
  for (const value of Array.from(values)) counts[value]!++;
  const rare = counts.findIndex((count) => count < FEWEST_OF_A_CLASS);
  if (rare < 0) return;
  throw new RangeError(
    `expected at least ${FEWEST_OF_A_CLASS} rows of every ${foreignText(name)}, got ${counts[rare]} of "${foreignText(classes[rare]!)}".`,
  );
}
