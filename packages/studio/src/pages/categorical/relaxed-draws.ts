import { jit, type numpy as np, random } from "@jax-js/jax";
import { categorical, noise } from "softdraw";

/** The noise of all draws at once. The same seed gives the same noise, so the draws stay the same as the temperature moves. */
export function drawNoise(seed: number, draws: number, n: number): np.Array {
  return noise.gumbel(random.key(seed), [draws, n]);
}

/** Points of the simplex, one a row: the draws, relaxed. A new temperature compiles nothing anew. */
export const relaxDraws = jit((noise: np.Array, logits: np.Array, temperature: np.Array) =>
  categorical.softMode(logits.add(noise), { temperature }),
);

/** The same draws as they are: one-hot rows. */
export const hardDraws = jit((noise: np.Array, logits: np.Array) => categorical.mode(logits.add(noise)));
