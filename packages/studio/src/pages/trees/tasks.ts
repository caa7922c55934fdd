/** What the page of trees asks of the engine. Trees and graphs are answered edge by edge, in the order of `edgesOf`. */

import { numpy as np } from "@jax-js/jax";
import { drawTrees, lawOf, perturbedTree } from "./draws.ts";
import { edgeValues, matrixOf } from "./edges.ts";

/** A graph of which every two vertices are joined. */
interface Graph {
  readonly vertices: number;
  /** Of the edges. */
  readonly logits: readonly number[];
}

export interface TreeLaw {
  /** 1 for each edge of a tree. */
  readonly trees: readonly (readonly number[])[];
  /** Of the trees. */
  readonly probabilities: readonly number[];
  /** Of the edges. */
  readonly marginals: readonly number[];
}

export async function treeLaw(graph: Graph): Promise<TreeLaw> {
  const { trees, probabilities, marginals } = lawOf(logitsOf(graph));
  return {
    trees: await graphsIn(trees, graph),
    probabilities: [...(await probabilities.data())],
    marginals: edgeValues(await marginals.data(), graph.vertices),
  };
}

/** Exact draws. */
export function drawnTrees({ seed, draws, ...graph }: Graph & { seed: number; draws: number }): Promise<number[][]> {
  return graphsIn(drawTrees(logitsOf(graph), seed, draws), graph);
}

export interface PerturbedTree {
  readonly exact: readonly number[];
  readonly relaxed: readonly number[];
}

export async function perturbedTrees({
  seed,
  temperature,
  ...graph
}: Graph & { seed: number; temperature: number }): Promise<PerturbedTree> {
  const { exact, relaxed } = perturbedTree(logitsOf(graph), seed, temperature);
  return {
    exact: edgeValues(await exact.data(), graph.vertices),
    relaxed: edgeValues(await relaxed.data(), graph.vertices),
  };
}

function logitsOf({ vertices, logits }: Graph): np.Array {
  return np.array(matrixOf(logits, vertices));
}

/** Of `[graphs, n, n]`, which is consumed. */
async function graphsIn(matrices: np.Array, { vertices }: Graph): Promise<number[][]> {
  const values = await matrices.data();
  const size = vertices ** 2;
  return Array.from({ length: values.length / size }, (_, i) =>
    edgeValues(values.subarray(i * size, (i + 1) * size), vertices),
  );
}
