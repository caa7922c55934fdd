/** The way of one draw through the triangle. */

import type { Range } from "../../fields.ts";
import { softmax } from "../../mathematics/choice.ts";

const POINTS = 60;

/** Where a draw with such keys is at the temperatures of a range, from the lowest on, in equal ratios. */
export function pathOf(keys: readonly number[], { from, to }: Range): number[][] {
  return Array.from({ length: POINTS }, (_, i) => softmax(keys, from * (to / from) ** (i / (POINTS - 1))));
}
