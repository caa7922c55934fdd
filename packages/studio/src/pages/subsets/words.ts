/** How subsets and test results are written. Items count from 1 for people. */

import type { SubsetProbability } from "@softdraw/experiments/demos/subset-law";
import type { ChiSquareTest } from "@softdraw/experiments/mathematics/goodness-of-fit";

/** Below this p-value the page says that a sampler misses the law: a correct one gets there once in 10,000 times. */
export const SMALLEST_PLAUSIBLE = 1e-4;

export function nameOf({ subset }: SubsetProbability): string {
  return `{${subset.map((item) => item + 1).join(", ")}}`;
}

export function formatPValue({ pValue }: ChiSquareTest): string {
  if (pValue >= 0.001) return `= ${pValue.toFixed(3)}`;
  return pValue < 1e-99 ? "< 1e−99" : `= ${pValue.toExponential(1).replace("-", "−")}`;
}
