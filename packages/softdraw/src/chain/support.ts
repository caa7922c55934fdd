/** All sequences of a few labels. */

import type { numpy as np } from "@jax-js/jax";
import { supportOf } from "../support.ts";

/** The labels^length sequences, in lexicographic order, the last place the first to change. */
export function supportOfChains(where: string, logits: np.Array): np.Array {
  const [length = 0, labels = 0] = logits.shape.slice(-2);
  const sequence = (number: number) =>
    Array.from({ length }, (_, t) => t * labels + (Math.floor(number / labels ** (length - 1 - t)) % labels));
  const count = labels ** length;
  const ones = () => Array.from({ length: count }, (_, number) => sequence(number));
  return supportOf(where, logits, [length, labels], { count, ones });
}
