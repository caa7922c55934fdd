/** Sums of plans, on the host. */

import { type Matrix, transposed } from "./sinkhorn-steps.ts";

export function rowSums(plan: Matrix): number[] {
  return plan.map((row) => row.reduce((a, b) => a + b, 0));
}

export function columnSums(plan: Matrix): number[] {
  return rowSums(transposed(plan));
}

/** The largest deviation of a row or column sum from 1. */
export function residualOf(plan: Matrix): number {
  return Math.max(...[...rowSums(plan), ...columnSums(plan)].map((sum) => Math.abs(sum - 1)));
}
