/** What programs print, as text: as Node.js prints it, and arrays of the engine as their numbers. */

import { numpy as np } from "@jax-js/jax";
import { format, type InspectOptions, inspect } from "node-inspect-extracted";

export type Kind = "plain" | "warning" | "error";
export type Print = (kind: Kind, text: string) => void;

/** More of them nobody reads, and a loop without end would fill the page. */
const MOST_PRINTS = 1000;
const LONGEST_PRINT = 20_000;

export function printingConsole(print: Print): Console {
  let prints = 0;
  const printed =
    (kind: Kind) =>
    (...values: unknown[]) => {
      if (prints++ < MOST_PRINTS) print(kind, shortened(format(...values)));
      else if (prints === MOST_PRINTS + 1) print("warning", `More than ${MOST_PRINTS} prints: the rest is left out.`);
    };
  const plain = printed("plain");
  const own = { log: plain, info: plain, debug: plain, table: plain, dir: (value: unknown) => plain(value) };
  return { ...console, ...own, warn: printed("warning"), error: printed("error") };
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
    const numbers = inspect(rounded(this.ref.js()), { ...options, depth: null, maxArrayLength });
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
