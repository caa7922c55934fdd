import type { numpy as np } from "@jax-js/jax";
import { supportOf } from "../support.ts";
import { spanningTrees } from "../trees/enumeration.ts";
import { UNDIRECTED } from "../trees/frame.ts";
import { type Definition, kernelsOf } from "../trees/kernels.ts";
import { largestSpanningTree } from "./prim.ts";

/** An undirected tree has no root: the elimination takes the vertex 0. */
export const NO_ROOT = 0;

export const definition: Definition = { frameOf: () => UNDIRECTED, largest: largestSpanningTree };

export const kernels = kernelsOf(definition);

/** The matrices of all spanning trees, `[n^(n - 2), n, n]`, n the last size of the logits. */
export function supportOfSpanningTrees(where: string, logits: np.Array): np.Array {
  const n = logits.shape.at(-1)!;
  return supportOf(where, logits, [n, n], { count: n ** Math.max(0, n - 2), ones: () => spanningTrees(n) });
}
