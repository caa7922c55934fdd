import { numpy as np, random } from "@jax-js/jax";
import { noise, permutation } from "softdraw";

/** Logits with Gumbel noise: their plan is a relaxed draw, and the best permutation of them is the exact one. */
export function perturbed(logits: np.Array, seed: number): np.Array {
  return noise.perturb(random.key(seed), logits);
}

/** The permutation with the largest sum of logits, where the plan ends as the temperature falls. */
export function bestOf(logits: np.Array): Promise<np.Array> {
  return permutation.mode(logits);
}

/** Draws by Gumbel-matching, `[draws, n, n]`. */
export function drawMatchings(logits: np.Array, seed: number, draws: number): Promise<np.Array> {
  return permutation.sample(random.key(seed), np.broadcastTo(logits, [draws, ...logits.shape]));
}

/** The Sinkhorn plan, as near to its fixed point as 100 iterations bring it. */
export function planOf(logits: np.Array): np.Array {
  return permutation.sinkhorn(logits, { iterations: 100, gradient: "implicit" });
}
