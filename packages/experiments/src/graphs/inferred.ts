/**
 * What an encoder's logits say of the graph: edges that are independent of each other, or a tree. Each has a draw with a
 * gradient, a divergence from what is believed before, and a most probable value, all by the kinds of ordered pairs.
 */

import { numpy as np } from "@jax-js/jax";
import { categorical, expectation, spanningTree } from "softdraw";
import { KINDS } from "./encoder.ts";
import { matrixOfPairs, pairsOfMatrix } from "./pairs.ts";

/** Estimators of the library that call the decoder once for each draw, and differentiate it. */
export const estimators = [
  "relaxed",
  "straight-through",
  "simple",
  "gumbel-rao",
  "gapped-straight-through",
  "reinmax",
] as const;
type Estimator = (typeof estimators)[number];

/** Those that need nothing but a relaxation and a draw of the same noise. */
export const treeEstimators = ["relaxed", "straight-through"] as const;

interface Draw {
  readonly key: np.Array;
  readonly temperature: np.Array;
  readonly estimator: Estimator;
}

/** What is inferred of a graph, from logits of the kinds of ordered pairs, `[simulations, pairs, 2]`. */
interface Inference {
  /**
   * The mean cost of a drawn graph, `[simulations]`, with the estimator's gradient.
   *
   * @param cost of the kinds of ordered pairs, `[simulations, pairs, 2]`, to `[simulations]`
   */
  expectedCost(logits: np.Array, particles: number, cost: (kinds: np.Array) => np.Array, draw: Draw): np.Array;
  /** In nats, `[simulations]`. */
  divergence(logits: np.Array, particles: number): np.Array;
  /** The most probable graph, as one-hot kinds. */
  mode(logits: np.Array, particles: number): np.Array;
}

/** Which graph a decoder gets: one that is inferred, or one that is given. */
export const graphsOfDecoder = ["inferred", "tree", "true", "none", "full"] as const;
export type GraphOfDecoder = (typeof graphsOfDecoder)[number];

// Independent edges ---------------------------------------------------------------------------------------------------

const independentEdges: Inference = {
  expectedCost(logits, _particles, cost, { key, temperature, estimator }) {
    const options = estimator === "simple" ? { estimator } : { estimator, temperature };
    const costOfDraws = (kinds: np.Array) => cost(kinds.reshape([-1, ...kinds.shape.slice(2)])).reshape([1, -1]);
    return expectation(categorical, key, logits, costOfDraws, options);
  },
  divergence: (logits) => categorical.kl(logits).sum(-1),
  mode: (logits) => categorical.mode(logits),
};

// Trees ---------------------------------------------------------------------------------------------------------------

/**
 * The logits of undirected edges, `[simulations, particles, particles]`: by how much each is rather an edge, a mean over
 * both directions.
 */
function edgeLogits(logits: np.Array, particles: number): np.Array {
  const sign = np.arange(KINDS).mul(2).sub(1).astype(np.float32);
  const rather = np.vecdot(logits, sign);
  const matrix = matrixOfPairs(rather, particles);
  return matrix.ref.add(np.swapaxes(matrix, -1, -2)).div(2);
}

/** The kinds of ordered pairs of the matrices of trees, `[..., particles, particles]` to `[rows, pairs, 2]`. */
function kindsOfTrees(trees: np.Array): np.Array {
  const edges = pairsOfMatrix(trees.reshape([-1, ...trees.shape.slice(-2)]));
  return np.stack([np.subtract(1, edges.ref), edges], -1);
}

/**
 * The largest tree of perturbed logits, and its relaxation: the stochastic softmax trick of spanning trees.
 *
 * Its probabilities are not known, nor is the divergence from the largest tree of noise alone. That of the perturbed logits
 * is, and cannot be smaller: a Gumbel variable moved by u is u + exp(-u) - 1 from one that is not.
 */
const spanningTrees: Inference = {
  expectedCost(logits, particles, cost, { key, temperature, estimator }) {
    const costOfDraws = (trees: np.Array) => cost(kindsOfTrees(trees)).reshape([1, -1]);
    const hard = estimator === "straight-through";
    const options = { estimator: hard ? estimator : "relaxed", temperature } as const;
    return expectation(spanningTree.perturbed, key, edgeLogits(logits, particles), costOfDraws, options);
  },
  divergence(logits, particles) {
    const moved = edgeLogits(logits, particles);
    const divergences = moved.ref.add(np.exp(np.negative(moved))).sub(1);
    // Nothing moves on the diagonal, and each edge is there twice.
    return divergences.sum([-2, -1]).div(2);
  },
  mode: (logits, particles) => kindsOfTrees(spanningTree.perturbed.mode(edgeLogits(logits, particles))),
};

const INFERENCES: Readonly<Partial<Record<GraphOfDecoder, Inference>>> = {
  inferred: independentEdges,
  tree: spanningTrees,
};

/** How a graph is inferred; undefined where it is given. */
export function inferenceOf(graph: GraphOfDecoder): Inference | undefined {
  return INFERENCES[graph];
}
