/** Rows of many draws, told apart. */

import { subsetKey } from "@softdraw/experiments/demos/subset-law";
import type { SubsetAnswer } from "./tasks.ts";

/** An entry beyond is more than the rounding of float32 sums makes of 1. */
export const ABOVE_ONE = 1 + 1e-5;

/** The set of a draw, by `subsetKey`. */
export function subsetOf({ rows, request }: SubsetAnswer, draw: number): string {
  const n = request.weights.length;
  const row = rows.hard.subarray((draw - 1) * n, draw * n);
  return subsetKey(Array.from(row).flatMap((value, item) => (value === 1 ? [item] : [])));
}
