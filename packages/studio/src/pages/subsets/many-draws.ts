import { numpy as np, random } from "@jax-js/jax";
import { noise, subset } from "softdraw";

/** Many draws of one key, a row each: their keys, the exact subsets, and both relaxations of the same draws. */
export function manyDraws(seed: number, draws: number, weights: number[], k: number, temperature: number) {
  const key = random.key(seed);
  const logits = np.broadcastTo(np.log(np.array(weights)), [draws, weights.length]);
  return {
    keys: noise.perturb(key.ref, logits.ref),
    hard: subset.sample(key.ref, logits.ref, k),
    threshold: subset.relax(key.ref, logits.ref, k, { temperature }),
    successive: subset.relax(key, logits, k, { temperature, relaxation: "successive" }),
  };
}
