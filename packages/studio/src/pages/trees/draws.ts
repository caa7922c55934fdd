import { numpy as np, random } from "@jax-js/jax";
import { spanningTree } from "softdraw";

/** All trees, how probable each is, and how probable each edge is. */
export function lawOf(logits: np.Array) {
  const trees = spanningTree.support(logits.ref);
  const each = np.broadcastTo(logits.ref, trees.shape);
  return {
    trees: trees.ref,
    probabilities: np.exp(spanningTree.logProb(trees, each)),
    marginals: spanningTree.marginals(logits),
  };
}

/** Exact draws by that law, `[draws, n, n]`. */
export function drawTrees(logits: np.Array, seed: number, draws: number): np.Array {
  return spanningTree.sample(random.key(seed), np.broadcastTo(logits, [draws, ...logits.shape]));
}

/** By the other law: the largest tree of logits with noise, and the same noise relaxed. */
export function perturbedTree(logits: np.Array, seed: number, temperature: number) {
  const key = random.key(seed);
  return {
    exact: spanningTree.perturbed.sample(key.ref, logits.ref),
    relaxed: spanningTree.perturbed.relax(key, logits, { temperature }),
  };
}
