/** What spanning trees are, and their verbs by both laws. */

import { numpy as np } from "@jax-js/jax";
import { gumbel } from "../noise.ts";
import { matrixOfPlaces } from "../rows.ts";
import { spanningTrees } from "../trees/enumeration.ts";
import { UNDIRECTED } from "../trees/frame.ts";
import { perturbedVerbsOf, type TreeDefinition, verbsOf } from "../trees/verbs.ts";
import { largestSpanningTree } from "./prim.ts";

/** An undirected tree has no root: the elimination takes the vertex 0. */
export const NO_ROOT = 0;

const definition: TreeDefinition = {
  frameOf: () => UNDIRECTED,
  largest: largestSpanningTree,
  count: (n) => n ** Math.max(0, n - 2),
  all: spanningTrees,
};

export const verbs = verbsOf(definition);

export const perturbedVerbs = perturbedVerbsOf(definition, noiseOfEdges);

/** The same noise for both entries of an edge. */
function noiseOfEdges(key: np.Array, shape: number[] = []): np.Array {
  const above = gumbel(key, shape).mul(matrixOfPlaces(shape.at(-1)!, (i, j) => (j > i ? 1 : 0)));
  return above.ref.add(np.swapaxes(above, -1, -2));
}
