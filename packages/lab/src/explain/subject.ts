/** The examples of a model that is explained: pictures, rows of numbers or tokens, with names for people. */

import { readFile } from "node:fs/promises";
import { type NumpyArray, parseNpy } from "@softdraw/experiments/data/npy";
import { bytesAnImage, type Dataset, datasetNames } from "@softdraw/experiments/data/types";
import type { Examples } from "@softdraw/experiments/explain/answers/examples";
import { encode } from "@softdraw/experiments/select/encoding";
import { type Column, hasMissing } from "@softdraw/experiments/select/table";
import { loadDataset } from "../data/datasets.ts";
import { sha256 } from "../data/files.ts";
import type { LeftOut, Shaping } from "../data/kind.ts";
import { kindAt } from "../data/kinds.ts";
import { ownName } from "../data/names.ts";
import { placeAt } from "../data/places.ts";
import { rowsIn } from "../data/rows.ts";
import { isTableFile, readTable } from "../data/tables.ts";
import { WrongCall } from "../errors.ts";

export interface Subject {
  /** What the data is called. */
  readonly name: string;
  readonly examples: Examples;
  /** Of the examples, where they are files. */
  readonly names: readonly string[] | undefined;
  /** Of the groups, such as "(2, 3)", the row and the column of a patch, from 1. */
  readonly groupNames: readonly string[];
  /** What one group is, what several are, and how they are named. */
  readonly words: { readonly one: string; readonly several: string; readonly names: string };
  /** Where they are pictures. */
  readonly pictures?: PictureSubject;
  readonly isTable?: true;
  /** Why a model cannot be asked about them, in words. */
  readonly onlyByAnswers?: string;
  readonly leftOut: readonly LeftOut[];
}

export interface PictureSubject {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Patches, down and across. */
  readonly rows: number;
  readonly columns: number;
  /** The patch of each pixel, `[height * width]`. */
  readonly patchOf: Int32Array;
  /** Bytes, `[count, height * width * channels]`. */
  readonly bytes: Uint8Array;
}

export interface SubjectOptions extends Shaping {
  /** Of a patch of pictures, in pixels. */
  readonly patches: number;
  /** Columns of a table that are not read, and those that are categories although they look like numbers. */
  readonly ignore?: readonly string[] | undefined;
  readonly categorical?: readonly string[] | undefined;
}

/**
 * The examples at a path, or the test images of a data set by its name.
 *
 * @throws WrongCall that says what is wrong with the path or what there is
 */
export async function readSubject(data: string, options: SubjectOptions): Promise<Subject> {
  const known = datasetNames.find((name) => name === data);
  if (known !== undefined) {
    const { test } = await loadDataset(known);
    return ofPictures(`${known}, test`, [test], options, undefined, []);
  }
  if (isTableFile(data)) return ofTable(data, options);
  const rows = await readRows(data);
  if (rows !== undefined) return rows;
  const { kind, place } = await kindAt(data);
  if (kind.load === undefined) throw new WrongCall(`${data}: expected pictures, rows or tokens, got ${kind.name}.`);
  const { train, test, names, leftOut } = await kind.load(place, options);
  return ofPictures(await kind.nameOf(place), test ? [train, test] : [train], options, names, leftOut);
}

// Pictures ------------------------------------------------------------------------------------------------------------

function ofPictures(
  name: string,
  parts: readonly Dataset[],
  { patches: size }: SubjectOptions,
  names: readonly string[] | undefined,
  leftOut: readonly LeftOut[],
): Subject {
  const [{ height, width, channels = 1 }] = parts as [Dataset];
  if (size > Math.min(height, width)) {
    throw new WrongCall(
      `--patches: expected at most ${Math.min(height, width)} pixels, as the pictures have, got ${size}.`,
    );
  }
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const features = bytesAnImage({ height, width, channels });
  const bytes = new Uint8Array(count * features);
  let at = 0;
  for (const { images } of parts) {
    bytes.set(images, at);
    at += images.length;
  }
  const [rows, columns] = [Math.ceil(height / size), Math.ceil(width / size)];
  const patchOf = Int32Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    return Math.floor(y / size) * columns + Math.floor(x / size);
  });
  return {
    name,
    names,
    leftOut,
    examples: {
      kind: "numbers",
      count,
      features,
      values: Float32Array.from(bytes, (byte) => byte / 255),
      groups: rows * columns,
      groupOf: Int32Array.from({ length: features }, (_, feature) => patchOf[Math.floor(feature / channels)]!),
    },
    groupNames: Array.from(
      { length: rows * columns },
      (_, patch) => `(${Math.floor(patch / columns) + 1}, ${(patch % columns) + 1})`,
    ),
    words: { one: "patch", several: "patches", names: "(row, column)" },
    pictures: { height, width, channels, rows, columns, patchOf, bytes },
  };
}

// Tables --------------------------------------------------------------------------------------------------------------

async function ofTable(path: string, { ignore = [], categorical = [] }: SubjectOptions): Promise<Subject> {
  const { rows, columns, leftOut, checksum } = await readTable(path, { ignore, categorical });
  const { width, values, groups } = encode(
    { rows, columns },
    Array.from({ length: rows }, (_, row) => row),
  );
  const groupOf = new Int32Array(width);
  groups.forEach((features, group) => {
    for (const feature of features) groupOf[feature] = group;
  });
  const isAsItIs = columns.every((column) => column.kind === "number" && !column.isDate && !hasMissing(column));
  return {
    name: ownName(path, checksum),
    names: undefined,
    leftOut: leftOut.map(({ name, reason }) => ({ what: name, why: reason })),
    examples: {
      ...{ kind: "numbers", count: rows, features: width, groups: columns.length, groupOf },
      // A model takes the numbers of a table as they are written.
      values: isAsItIs ? inRows(columns, rows) : values,
    },
    groupNames: columns.map(({ name }) => name),
    words: { one: "column", several: "columns", names: "columns" },
    isTable: true,
    ...(!isAsItIs && {
      onlyByAnswers: "the table has categories, dates or missing values, which its input has no place for",
    }),
  };
}

function inRows(columns: readonly Column[], rows: number): Float32Array {
  const values = new Float32Array(rows * columns.length);
  columns.forEach((column, place) => {
    for (let row = 0; row < rows; row++) values[row * columns.length + place] = column.values[row]!;
  });
  return values;
}

// Rows ----------------------------------------------------------------------------------------------------------------

/** Longer sequences and wider rows are refused: a group each. */
const MOST_GROUPS = 4096;

/** A table of NumPy: whole numbers are tokens, others features. Undefined for what is no such file. */
async function readRows(path: string): Promise<Subject | undefined> {
  if (!/\.npy$/i.test(path)) return undefined;
  const { isFolder } = await placeAt(path);
  if (isFolder) return undefined;
  const content = new Uint8Array(await readFile(path));
  const array = parsed(path, content);
  const kind = rowsIn(array);
  if (kind === undefined) return undefined;
  const [[count, groups], values] = [array.shape as [number, number], array.values];
  if (groups > MOST_GROUPS) throw new WrongCall(`${path}: expected at most ${MOST_GROUPS} columns, got ${groups}.`);
  const shared = { name: ownName(path, sha256(content)), names: undefined, leftOut: [] };
  const numbered = (word: string) => Array.from({ length: groups }, (_, i) => `${word} ${i + 1}`);
  if (kind === "numbers") {
    const groupOf = Int32Array.from({ length: groups }, (_, i) => i);
    return {
      ...shared,
      examples: { kind: "numbers", count, features: groups, groups, values: Float32Array.from(values), groupOf },
      groupNames: numbered("column"),
      words: { one: "column", several: "columns", names: "column" },
    };
  }
  return {
    ...shared,
    examples: { kind: "tokens", count, groups, ...wordsOf(path, values) },
    groupNames: numbered("place"),
    words: { one: "token", several: "tokens", names: "place" },
  };
}

function parsed(path: string, content: Uint8Array): NumpyArray {
  try {
    return parseNpy(path, content);
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

/** Tokens from 0 on, however large the numbers that stand for them. */
const MOST_WORDS = 100_000;

function wordsOf(path: string, values: ArrayLike<number>): { values: Int32Array; words: number } {
  const tokens = Int32Array.from(values);
  const wrong = tokens.findIndex((token, i) => token < 0 || token !== values[i]);
  if (wrong >= 0) throw new WrongCall(`${path}: expected tokens from 0 on, got ${values[wrong]} at position ${wrong}.`);
  const words = tokens.reduce((most, token) => Math.max(most, token), 0) + 1;
  if (words <= MOST_WORDS) return { values: tokens, words };
  throw new WrongCall(`${path}: expected tokens below ${MOST_WORDS}, got ${words - 1}.`);
}
