/** Settings as text: what the address, pasted text and fields to type in have in common. Errors say what was expected and what came. */

export interface Field<T> {
  readonly initial: T;
  /** @throws Error for a text that is no value of this field */
  parse(text: string): T;
  format(value: T): string;
}

// biome-ignore lint/suspicious/noExplicitAny: a field takes what it gives, so no other type fits all fields
export type Fields = Readonly<Record<string, Field<any>>>;

export type ValuesOf<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A number of a range. */
export function numberField(initial: number, range: Range): Field<number> {
  const parse = (text: string) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= range.from && value <= range.to) return value;
    throw new Error(`expected a number from ${shown(range.from)} to ${shown(range.to)}, got ${quoted(text)}.`);
  };
  return { initial, parse, format: written };
}

/** A whole number of a range. */
export function wholeField(initial: number, range: Range): Field<number> {
  const parse = (text: string) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isInteger(value) && value >= range.from && value <= range.to) return value;
    throw new Error(`expected a whole number from ${shown(range.from)} to ${shown(range.to)}, got ${quoted(text)}.`);
  };
  return { initial, parse, format: String };
}

export function booleanField(initial: boolean): Field<boolean> {
  const { parse, format } = choiceField(initial ? "true" : "false", ["true", "false"]);
  return { initial, parse: (text) => parse(text) === "true", format: (value) => format(value ? "true" : "false") };
}

/** One of a few words. */
export function choiceField<const T extends string>(initial: NoInfer<T>, choices: readonly T[]): Field<T> {
  const parse = (text: string) => {
    const choice = choices.find((choice) => choice === text);
    if (choice !== undefined) return choice;
    throw new Error(`expected ${choices.join(" or ")}, got ${quoted(text)}.`);
  };
  return { initial, parse, format: String };
}

/** Numbers of a range, separated by commas; `lengths` of them. */
export function listField(initial: readonly number[], range: Range, lengths: Range): Field<number[]> {
  const { parse: parseNumber } = numberField(0, range);
  const parse = (text: string) => {
    const values = text.split(",").map(parseNumber);
    if (values.length >= lengths.from && values.length <= lengths.to) return values;
    const count = lengths.from === lengths.to ? lengths.from : `${lengths.from} to ${lengths.to}`;
    throw new Error(`expected ${count} numbers separated by commas, got ${values.length}.`);
  };
  return { initial: [...initial], parse, format: (values) => values.map(written).join(",") };
}

/**
 * A square matrix of numbers of a range: rows separated by semicolons or lines, entries by commas, blanks or tabs, as a
 * spreadsheet copies them.
 */
export function matrixField(initial: number[][], range: Range, sizes: Range): Field<number[][]> {
  const { parse: parseNumber } = numberField(0, range);
  const parse = (text: string) => {
    const lines = text.split(/[;\n]/).map((line) => line.replace(/[[\]]/g, " ").trim());
    const rows = lines
      .filter((line) => line !== "")
      .map((line) => line.split(/[\s,]+/).filter((entry) => entry !== ""));
    const uneven = rows.findIndex((row) => row.length !== rows.length);
    if (uneven >= 0) {
      throw new Error(
        `expected as many entries in every row as there are rows, ${rows.length}; row ${uneven + 1} has ${rows[uneven]!.length}.`,
      );
    }
    if (rows.length < sizes.from || rows.length > sizes.to) {
      throw new Error(`expected ${sizes.from} to ${sizes.to} rows, got ${rows.length}.`);
    }
    return rows.map((row) => row.map(parseNumber));
  };
  return { initial, parse, format: (rows) => rows.map((row) => row.map(written).join(",")).join(";") };
}

/** Without the noise of binary fractions. */
export function written(value: number): string {
  return String(Number(value.toPrecision(6)) + 0);
}

export function shown(value: number): string {
  return written(value).replace("-", "−");
}

/** With so many decimals. What rounds to zero has no sign. */
export function fixed(value: number, decimals: number): string {
  return value
    .toFixed(decimals)
    .replace(/^-(?=[0.]*$)/, "")
    .replace("-", "−");
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
