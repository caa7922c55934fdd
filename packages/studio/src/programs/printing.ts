/** What programs print, as text: as Node.js prints it, and arrays of the engine as their numbers. */

import { numpy as np } from "@jax-js/jax";
import { format, type InspectOptions, inspect } from "node-inspect-extracted";

export type Kind = "plain" | "warning" | "error";
export type Print = (kind: Kind, text: string) => void;

/** More of them nobody reads, and a loop without end would fill the page. */
const MOST_PRINTS = 1000;
const LONGEST_PRINT = 20_000;
/** Of all prints together: to lay out more takes the page seconds. */
const MOST_CHARACTERS = 400_000;

export function printingConsole(print: Print): Console {
  let [prints, characters, depth] = [0, 0, 0];
  const printed =
    (kind: Kind) =>
    (...values: unknown[]) => {
      if (prints > MOST_PRINTS || characters > MOST_CHARACTERS) return;
      const text = shortened(format(...values)).replaceAll(/^/gm, "  ".repeat(depth));
      prints++;
      characters += text.length;
      if (prints > MOST_PRINTS) print("warning", `More than ${MOST_PRINTS} prints: the rest is left out.`);
      else print(kind, text);
      if (characters > MOST_CHARACTERS)
        print("warning", `More than ${MOST_CHARACTERS} characters of prints: the rest is left out.`);
    };
  const [plain, error] = [printed("plain"), printed("error")];
  const group = (...values: unknown[]) => {
    if (values.length > 0) plain(...values);
    depth++;
  };
  const groupEnd = () => {
    depth = Math.max(0, depth - 1);
  };
  const assert = (holds?: boolean, ...values: unknown[]) => {
    if (!holds) error(...(values.length === 0 ? ["Assertion failed"] : ["Assertion failed:", ...values]));
  };
  const own = {
    log: plain,
    info: plain,
    debug: plain,
    table: plain,
    dir: (value: unknown) => plain(value),
    error,
    assert,
  };
  const groups = { group, groupCollapsed: group, groupEnd };
  return { ...console, ...own, ...groups, ...countersBy(plain), warn: printed("warning"), trace: plain };
}

/** What counts calls and times, by a label. */
function countersBy(plain: (...values: unknown[]) => void) {
  const [counts, begins] = [new Map<string, number>(), new Map<string, number>()];
  const timeLog = (label = "default", ...values: unknown[]) => {
    const begin = begins.get(label);
    if (begin !== undefined) plain(`${label}: ${(performance.now() - begin).toFixed(1)} ms`, ...values);
  };
  return {
    count(label = "default") {
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      plain(`${label}: ${count}`);
    },
    countReset: (label = "default") => counts.delete(label),
    time: (label = "default") => begins.set(label, performance.now()),
    timeLog,
    timeEnd(label = "default") {
      timeLog(label);
      begins.delete(label);
    },
  };
}

function shortened(text: string): string {
  return text.length <= LONGEST_PRINT
    ? text
    : `${text.slice(0, LONGEST_PRINT)} … and ${text.length - LONGEST_PRINT} characters more`;
}

/** Entries of an axis that are printed of an array, by how many axes it has. */
const MOST_ENTRIES = [1, 100, 20];
const FEW_ENTRIES = 6;
/** As many digits as a float32 has. */
const DIGITS = 6;

/** As type, shape and numbers, which are not consumed. */
function inspectArray(this: np.Array, _depth: number, options: InspectOptions): string {
  try {
    const { dtype, shape } = this;
    const maxArrayLength = MOST_ENTRIES[shape.length] ?? FEW_ENTRIES;
    // Whole numbers have all their digits.
    const values: unknown = this.ref.js();
    const numbers = inspect(dtype.startsWith("float") ? rounded(values) : values, {
      ...options,
      depth: null,
      maxArrayLength,
    });
    return `${dtype}[${shape.join(", ")}] ${numbers}`;
  } catch (error) {
    return `array (${(error as Error).message})`;
  }
}

function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  return typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
}

Object.defineProperty(np.Array.prototype, inspect.custom, { value: inspectArray });
