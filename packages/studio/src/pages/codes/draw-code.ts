import { type numpy as np, random } from "@jax-js/jax";
import { categorical } from "softdraw";

/** A code of logits `[choices, classes]`: a class for every choice, exactly, and the same draw softened by the temperature. */
export function drawCode(seed: number, logits: np.Array, temperature: number) {
  const key = random.key(seed);
  return {
    exact: categorical.sample(key.ref, logits.ref),
    relaxed: categorical.relax(key, logits, { temperature }),
  };
}
