/**
 * A table whose columns are numbers or categories, told from the texts of its cells.
 *
 * @module
 */

import { foreignText } from "../foreign-text.ts";

/** NaN where a value is missing. */
export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly values: Float64Array;
  /** Whether its texts are dates of ISO 8601: its numbers are days since 1970-01-01. */
  readonly isDate?: boolean;
}

/** The place of a value among the categories, -1 where it is missing. */
export interface CategoryColumn {
  readonly kind: "category";
  readonly name: string;
  readonly values: Int32Array;
  /** As they are written, sorted. */
  readonly categories: readonly string[];
}

export type Column = NumberColumn | CategoryColumn;

export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Columns that nothing can be learned from, or that would be learned by heart. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

/** The texts of a table, a list for each column. */
export interface Texts {
  readonly names: readonly string[];
  readonly cells: readonly (readonly string[])[];
  /** Where a row is in its file, such as "line 7". */
  place(row: number): string;
}

export interface Reading {
  /** Columns that are categories although they may look like numbers. */
  readonly categorical?: readonly string[];
  /** Columns that have to be numbers. */
  readonly numeric?: readonly string[];
  /** Columns that are not read. */
  readonly ignore?: readonly string[];
  /** Texts of a missing value, whatever their case. */
  readonly missing?: readonly string[];
  /** A column that is nearly one of numbers: refused, or, where a table is only looked at, left out and said why. */
  readonly mixed?: "refused" | "left out";
}

/** How missing values are usually written. */
export const usuallyMissing: readonly string[] = ["", "NA", "N/A", "NaN", "null", "?"];

/** A column of more categories is left out: each would be a feature, of few examples. */
export const MOST_CATEGORIES = 50;

/**
 * Makes columns of texts. A column is one of numbers if every text in it is one, but for those that are missing, or if every one is a date
 * of ISO 8601, which becomes days since 1970-01-01. Where nearly every text is a number, the others are mistakes, or mean something that
 * only the caller knows.
 *
 * Left out are columns that are ignored, empty or constant, and identifiers: numbers that count rows, whole numbers under a name
 * such as "id" that are all different, and more than 50 texts of which more than half are different. What is named as numeric or
 * categorical is no identifier.
 *
 * @throws RangeError for names of columns that there are not, or that contradict each other, and for what is no number in a column that has to
 * be one or nearly is one
 */
export function tableOf(texts: Texts, reading: Reading = {}): Table {
  const { categorical = [], numeric = [], ignore = [], missing = usuallyMissing, mixed = "refused" } = reading;
  for (const [option, named] of Object.entries({ categorical, numeric, ignore })) checkNames(texts, option, named);
  checkKinds(reading);
  const ways = `${reading.missing ? "--missing, " : ""}--categorical or --ignore`;
  const isMissing = isOneOf(missing);
  const columns: Column[] = [];
  const leftOut: LeftOut[] = [];
  texts.names.forEach((name, index) => {
    if (ignore.includes(name)) {
      leftOut.push({ name, reason: "ignored" });
      return;
    }
    const column = columnOf(texts, index, { isMissing, categorical, numeric, mixed, ways });
    if ("reason" in column) {
      leftOut.push(column);
      return;
    }
    const isAskedFor = categorical.includes(name) || numeric.includes(name);
    const reason = emptiness(column) ?? (isAskedFor ? undefined : identity(column)) ?? abundance(column);
    if (reason === undefined) columns.push(column);
    else leftOut.push({ name, reason });
  });
  return { rows: texts.cells[0]?.length ?? 0, columns, leftOut };
}

function checkNames({ names }: Texts, option: string, named: readonly string[]): void {
  const unknown = named.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const known = foreignText(listed(names), 200);
  throw new RangeError(`${option}: expected columns of the table, ${known}, got "${foreignText(unknown)}".`);
}

function checkKinds({ numeric = [], categorical = [] }: Reading): void {
  const both = numeric.find((name) => categorical.includes(name));
  if (both === undefined) return;
  throw new RangeError(`numeric: expected columns that are not named as categorical, got "${foreignText(both)}".`);
}

/** Names or texts in a list, in quotes where they would look like two. */
export function listed(texts: readonly string[]): string {
  return texts.map((text) => (/[,"]/.test(text) ? JSON.stringify(text) : text)).join(", ");
}

function isOneOf(texts: readonly string[]): (text: string) => boolean {
  const known = new Set(texts.map((text) => text.trim().toLowerCase()));
  return (text) => known.has(text.trim().toLowerCase());
}

interface Typing extends Required<Pick<Reading, "categorical" | "numeric" | "mixed">> {
  /** What the caller may say of a text that is no number. */
  readonly ways: string;
  isMissing(text: string): boolean;
}

function columnOf({ names, cells, place }: Texts, index: number, typing: Typing): Column | LeftOut {
  const { isMissing, categorical, numeric, mixed, ways } = typing;
  const [name, texts] = [names[index]!, cells[index]!];
  if (categorical.includes(name)) return categoryColumn(name, texts, isMissing);
  const wrong = texts.findIndex((text) => !isMissing(text) && !isNumber(text));
  if (wrong < 0) return numberColumn(name, texts, isMissing);
  const known = texts.filter((text) => !isMissing(text));
  if (known.every((text) => !Number.isNaN(daysOf(text)))) return dateColumn(name, texts, isMissing);
  const hasToBe = numeric.includes(name);
  if (!hasToBe && !isNearlyNumbers(known)) return categoryColumn(name, texts, isMissing);
  const count = known.filter(isNumber).length;
  if (!hasToBe && mixed === "left out") {
    const others = known.length - count;
    const first = `${others === 1 ? "" : "the first "}"${foreignText(texts[wrong]!)}" in ${place(wrong)}`;
    return { name, reason: `numbers but for ${others} of ${known.length} cells, ${first}: select refuses it` };
  }
  const problem = mistake(texts[wrong]!, hasToBe ? "a number" : `a number, as ${count} of ${known.length} are`);
  const advice = hasToBe ? "" : ` Say ${ways}.`;
  throw new RangeError(`${place(wrong)}: column ${foreignText(name)}: ${problem}.${advice}`);
}

function mistake(text: string, expected: string): string {
  const got = `got "${foreignText(text)}"`;
  return isWithComma(text)
    ? `expected a number with a decimal point, ${got} with a comma`
    : `expected ${expected}, ${got}`;
}

/** So many of a column's texts, and so many different ones, are numbers where the others are likely to be mistakes. */
const NEARLY_ALL = 0.8;
const FEWEST_DIFFERENT = 10;

/** Numbers with a comma are meant as numbers, too. */
function isNearlyNumbers(texts: readonly string[]): boolean {
  const numbers = texts.filter((text) => isNumber(text) || isWithComma(text));
  return numbers.length >= NEARLY_ALL * texts.length && new Set(numbers).size >= FEWEST_DIFFERENT;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Of larger ones the squares are beyond what a number holds. */
const LARGEST = 1e100;

/** In decimal digits, and of a size that means something. */
function isNumber(text: string): boolean {
  return NUMBER.test(text.trim()) && Math.abs(Number(text)) <= LARGEST;
}

/** A decimal comma, or one between thousands. */
function isWithComma(text: string): boolean {
  return NUMBER.test(text.trim().replace(",", ".")) && text.includes(",");
}

function numberColumn(name: string, texts: readonly string[], isMissing: (text: string) => boolean): NumberColumn {
  const values = Float64Array.from(texts, (text) => (isMissing(text) ? Number.NaN : Number(text)));
  return { kind: "number", name, values };
}

function dateColumn(name: string, texts: readonly string[], isMissing: (text: string) => boolean): NumberColumn {
  const values = Float64Array.from(texts, (text) => (isMissing(text) ? Number.NaN : daysOf(text)));
  return { kind: "number", name, values, isDate: true };
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/;
const DAY = 86_400_000;

/** Days since 1970-01-01 of a date of ISO 8601, with a part of a day where there is a time, in UTC unless it says otherwise; NaN for what is none. */
function daysOf(text: string): number {
  const [, day, time = "00:00", zone = "Z"] = DATE.exec(text.trim()) ?? [];
  if (day === undefined) return Number.NaN;
  const midnight = new Date(`${day}T00:00Z`);
  // A day that its month does not have would become one of the next.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return Number.NaN;
  return Date.parse(`${day}T${time}${zone}`) / DAY;
}

/** The date, in UTC, of days since 1970-01-01. */
export function dateOf(days: number): string {
  return new Date(days * DAY).toISOString().slice(0, 10);
}

function categoryColumn(name: string, texts: readonly string[], isMissing: (text: string) => boolean): CategoryColumn {
  const trimmed = texts.map((text) => (isMissing(text) ? undefined : text.trim()));
  const categories = Array.from(new Set(trimmed.filter((text) => text !== undefined))).sort();
  const places = new Map(categories.map((category, place) => [category, place]));
  const values = Int32Array.from(trimmed, (text) => (text === undefined ? -1 : places.get(text)!));
  return { kind: "category", name, values, categories };
}

function emptiness(column: Column): string | undefined {
  const different = countDifferent(column);
  if (different === 0) return "it has no values";
  return different === 1 && !hasMissing(column) ? "it is constant" : undefined;
}

function identity(column: Column): string | undefined {
  const { name, values } = column;
  const different = countDifferent(column);
  if (column.kind === "category") {
    const isIdentifier = column.categories.length > MOST_CATEGORIES && different > values.length / 2;
    return isIdentifier ? `identifier: ${different} different texts in ${values.length} rows` : undefined;
  }
  if (values.length > 2 && values.every((value, row) => row === 0 || value === values[row - 1]! + 1)) {
    return "identifier: it counts the rows";
  }
  const isKey = different === values.length && values.every(Number.isInteger) && NAME_OF_KEY.test(name);
  return isKey ? "identifier: whole numbers, all different" : undefined;
}

/** Such as "id", "ID", "patient_id", "index"; not "acid". */
const NAME_OF_KEY = /^(id|index|key)$|[_ .-]id$/i;

function abundance(column: Column): string | undefined {
  if (column.kind === "number" || column.categories.length <= MOST_CATEGORIES) return undefined;
  return `${column.categories.length} categories, more than ${MOST_CATEGORIES}`;
}

export function hasMissing({ kind, values }: Column): boolean {
  return kind === "number" ? values.some(Number.isNaN) : values.includes(-1);
}

/** Values that are missing apart. */
export function countDifferent(column: Column): number {
  if (column.kind === "category") return column.categories.length;
  return new Set(column.values.filter((value) => !Number.isNaN(value))).size;
}

/** The same column at these rows alone. */
export function atRows(column: Column, rows: readonly number[]): Column {
  if (column.kind === "number") return { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) };
  return { ...column, values: Int32Array.from(rows, (row) => column.values[row]!) };
}
