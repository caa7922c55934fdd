/** How many of Sinkhorn's iterations a tolerance takes, counted outside of any jitted function. */

import { type numpy as np, tree } from "@jax-js/jax";

/** Iterations, one at a time. */
export interface Iterations<State> {
  /** After the first. */
  begin(): State;
  /** One more. Consumes the state. */
  next(state: State): State;
  /** How far it is from converged; NaN where there is no plan. Keeps the state. */
  deviationOf(state: State): Promise<number>;
}

/** Their number until the deviation is at most a tolerance, Infinity beyond the limit, NaN where there is no plan. */
export async function countUntil<State extends { [name: string]: np.Array }>(
  { begin, next, deviationOf }: Iterations<State>,
  tolerance: number,
  limit: number,
): Promise<number> {
  let state = begin();
  let iterations = 1;
  let deviation = await deviationOf(state);
  while (deviation > tolerance && iterations <= limit) {
    state = next(state);
    iterations++;
    deviation = await deviationOf(state);
  }
  tree.dispose(state);
  if (Number.isNaN(deviation)) return deviation;
  return iterations <= limit ? iterations : Number.POSITIVE_INFINITY;
}
