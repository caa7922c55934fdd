/** One's own data as rows in a file of NumPy: of numbers, or of tokens where the numbers are whole. */

import type { NumpyArray } from "@softdraw/experiments/data/npy";
import { formatNumber } from "../report/numbers.ts";
import type { Description } from "./kind.ts";

/** What the rows of an array are of; undefined for an array that has none. */
export function rowsIn({ shape, dtype }: NumpyArray): "numbers" | "tokens" | undefined {
  if (shape.length !== 2) return undefined;
  return dtype.startsWith("f") ? "numbers" : "tokens";
}

/** What there is in rows, for who looks at them. */
export function describeRows(array: NumpyArray, kind: "numbers" | "tokens", checksum: string): Description {
  const [count, width] = array.shape as [number, number];
  const { smallest, largest, strange } = rangeOf(array.values);
  const isOfTokens = kind === "tokens";
  const [many, wide] = isOfTokens ? ["sequences", "places"] : ["rows", "columns"];
  const range = smallest > largest ? "none that is finite" : `${formatValue(smallest)} to ${formatValue(largest)}`;
  return {
    lines: [
      ["kind", isOfTokens ? "sequences of tokens, .npy" : "rows of numbers, .npy"],
      [many, formatNumber(count, 0)],
      [wide, formatNumber(width, 0)],
      [isOfTokens ? "tokens" : "values", range],
      ...(strange > 0 ? [["not finite", formatNumber(strange, 0)] as const] : []),
    ],
    record: {
      kind: isOfTokens ? "tokens" : "rows",
      rows: count,
      columns: width,
      smallest,
      largest,
      notFinite: strange,
    },
    checksum,
    leftOut: [],
    example:
      strange > 0
        ? {
            first:
              "fill in what is not finite for softdraw explain; in a .csv file, softdraw select takes what is missing",
          }
        : { command: "softdraw explain --data", options: " --predictions answers.csv" },
  };
}

function rangeOf(values: ArrayLike<number>): { smallest: number; largest: number; strange: number } {
  let [smallest, largest, strange] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) strange++;
    else [smallest, largest] = [Math.min(smallest, value), Math.max(largest, value)];
  }
  return { smallest, largest, strange };
}

/** As many digits as people read. */
function formatValue(value: number): string {
  return `${Number(value.toPrecision(6))}`;
}
