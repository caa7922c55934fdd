/** What a model said of examples, as other programs write it down: probabilities or labels, in a CSV file or an array of NumPy. */

import { readFile, stat } from "node:fs/promises";
import { describeShape, type NumpyArray, parseNpy } from "@softdraw/experiments/data/npy";
import type { Answers } from "@softdraw/experiments/explain/answers/examples";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { usuallyMissing } from "@softdraw/experiments/select/table";
import { parse } from "csv-parse/sync";
import { readFailure } from "../data/reasons.ts";
import { WrongCall } from "../errors.ts";

export interface Predictions extends Answers {
  /** Of the classes, in the order of the probabilities. */
  readonly classNames: readonly string[];
  readonly count: number;
}

/** Bytes of a file at most. */
const MOST_BYTES = 2 ** 28;

/** A column of this name says which example a row is of. */
const FILE_COLUMN = "file";

/**
 * Reads predictions, a row an example:
 *
 * - `.npy`: probabilities `[n, classes]`, probabilities of the second of two classes `[n]`, or labels `[n]`;
 * - `.csv` and `.tsv` with a header: a column a class with its probabilities, one column of labels, or one of probabilities
 *   of the second of two classes. A column "file" names the examples; without it rows are in the order of the examples.
 *
 * @param names of the examples, where they have some
 * @param count of the examples
 * @throws WrongCall that names the file, what was expected and what came
 */
export async function readPredictions(
  file: string,
  { names, count }: { readonly names: readonly string[] | undefined; readonly count: number },
): Promise<Predictions> {
  const { size } = await stat(file).catch((error) => {
    throw new WrongCall(readFailure(file, error).message);
  });
  if (size > MOST_BYTES) throw new WrongCall(`${file}: expected at most ${MOST_BYTES} bytes, got ${size}.`);
  const content = await readFile(file);
  const predictions = /\.npy$/i.test(file)
    ? ofArray(file, parsedArray(file, new Uint8Array(content)))
    : ofTable(file, content.toString("utf8"), names);
  if (predictions.count === count) return predictions;
  throw new WrongCall(`${file}: expected ${count} predictions, one for each example, got ${predictions.count}.`);
}

function parsedArray(file: string, content: Uint8Array): NumpyArray {
  try {
    return parseNpy(file, content);
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

// Arrays --------------------------------------------------------------------------------------------------------------

function ofArray(file: string, { shape, dtype, values }: NumpyArray): Predictions {
  const [count = 0, classes = 1] = shape;
  if (shape.length === 2 && classes > 1) {
    const classNames = Array.from({ length: classes }, (_, i) => String(i));
    return ofProbabilities(file, classNames, Float32Array.from(values));
  }
  if (shape.length !== 1 && !(shape.length === 2 && classes === 1)) {
    throw new WrongCall(`${file}: expected predictions [n, classes] or [n], got ${describeShape(shape)}.`);
  }
  const isOfFloats = dtype.startsWith("f") && !values.every((value) => Number.isInteger(value));
  return isOfFloats
    ? ofSecondClass(file, ["0", "1"], Float32Array.from(values))
    : ofLabels(Array.from(values, String), count);
}

// Tables --------------------------------------------------------------------------------------------------------------

function ofTable(file: string, text: string, names: readonly string[] | undefined): Predictions {
  const { header, rows } = readTable(file, text);
  const at = header.indexOf(FILE_COLUMN);
  const ordered = at < 0 ? rows : inOrderOf(file, rows, at, names);
  const columns = header.map((_, column) => column).filter((column) => column !== at);
  if (columns.length === 0) throw new WrongCall(`${file}: expected a column of predictions, got none.`);
  const cells = (column: number) => ordered.map((row) => row[column]!);
  const isNumber = (text: string) => text.trim() !== "" && Number.isFinite(Number(text));
  if (columns.length > 1) {
    for (const column of columns) {
      const row = cells(column).findIndex((cell) => !isNumber(cell));
      if (row < 0) continue;
      const [name, wrong] = [foreignText(header[column]!), foreignText(cells(column)[row]!)];
      throw new WrongCall(`${file}: expected probabilities in column "${name}", got "${wrong}" in row ${row + 1}.`);
    }
    const values = Float32Array.from(ordered.flatMap((row) => columns.map((column) => Number(row[column]))));
    return ofProbabilities(
      file,
      columns.map((column) => header[column]!),
      values,
    );
  }
  const only = cells(columns[0]!);
  const isOfProbabilities = only.every(isNumber) && !only.every((cell) => Number.isInteger(Number(cell)));
  if (!isOfProbabilities) {
    const missing = only.findIndex((cell) => usuallyMissing.some((text) => text.toLowerCase() === cell.toLowerCase()));
    if (missing < 0) return ofLabels(only, only.length);
    throw new WrongCall(
      `${file}: expected a label in each row, got "${foreignText(only[missing]!)}" in row ${missing + 1}.`,
    );
  }
  const name = header[columns[0]!]!;
  return ofSecondClass(file, [`not ${name}`, name], Float32Array.from(only, Number));
}

function readTable(file: string, text: string): { header: string[]; rows: string[][] } {
  try {
    const delimiter = /\.tsv$/i.test(file) ? "\t" : ",";
    const records = parse(text, { bom: true, delimiter, skip_empty_lines: false, trim: true }) as string[][];
    const [header, ...rows] = records;
    // Behind the last line there may be an empty one.
    if (rows.at(-1)?.join("") === "") rows.pop();
    if (header === undefined || rows.length === 0) throw new Error("expected a header and rows, got none");
    return { header, rows };
  } catch (error) {
    throw new WrongCall(`${file}: ${foreignText((error as Error).message.split("\n")[0]!)}.`);
  }
}

/** The rows in the order of the examples that they name. */
function inOrderOf(
  file: string,
  rows: readonly string[][],
  at: number,
  names: readonly string[] | undefined,
): string[][] {
  if (names === undefined) {
    throw new WrongCall(`${file}: it has a column "${FILE_COLUMN}", and the examples are no files.`);
  }
  const byName = new Map<string, string[]>();
  for (const row of rows) {
    const name = row[at]!;
    if (byName.has(name))
      throw new WrongCall(`${file}: expected one row for each file, got two for ${foreignText(name)}.`);
    byName.set(name, row);
  }
  return names.map((name) => {
    const row = byName.get(name);
    if (row === undefined) throw new WrongCall(`${file}: expected a row for ${foreignText(name)}, got none.`);
    return row;
  });
}

// Answers -------------------------------------------------------------------------------------------------------------

/** How far rows may be from a sum of 1: other programs write few digits. */
const TOLERANCE = 0.02;

function ofProbabilities(file: string, classNames: readonly string[], values: Float32Array): Predictions {
  const classes = classNames.length;
  const count = values.length / classes;
  for (let row = 0; row < count; row++) {
    const probabilities = values.subarray(row * classes, (row + 1) * classes);
    const sum = probabilities.reduce((a, b) => a + b, 0);
    if (!probabilities.every((p) => p >= 0) || !(Math.abs(sum - 1) <= TOLERANCE)) {
      const got = Array.from(probabilities.subarray(0, 5), (p) => Number(p.toPrecision(4))).join(", ");
      throw new WrongCall(
        `${file}: expected probabilities, which are not negative and sum to 1, got ${got}${classes > 5 ? ", ..." : ""} in ` +
          `row ${row + 1}. Logits become probabilities by a softmax.`,
      );
    }
    for (let i = 0; i < classes; i++) probabilities[i]! /= sum;
  }
  return { classes, classNames, count, values };
}

function ofSecondClass(file: string, classNames: readonly string[], second: Float32Array): Predictions {
  const values = new Float32Array(2 * second.length);
  second.forEach((p, row) => {
    values.set([1 - p, p], 2 * row);
  });
  return ofProbabilities(file, classNames, values);
}

/** Labels are answers without a doubt. */
function ofLabels(labels: readonly string[], count: number): Predictions {
  const isNumeric = labels.every((label) => label !== "" && Number.isFinite(Number(label)));
  const classNames = [...new Set(labels)].sort((a, b) => (isNumeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  const values = new Float32Array(count * classNames.length);
  labels.forEach((label, row) => {
    values[row * classNames.length + classNames.indexOf(label)] = 1;
  });
  return { classes: classNames.length, classNames, count, values };
}
