/** Which matrices are trees. */

import { numpy as np } from "@jax-js/jax";

/** Whether each matrix is one of an undirected tree: symmetric, with n - 1 edges that connect all. Booleans `[...]`. */
export function isSpanningTree(value: np.Array): np.Array {
  const n = value.shape.at(-1)!;
  const isSymmetric = allOf(value.ref.equal(np.swapaxes(value.ref, -1, -2)));
  const hasEdges = sumOf(value.ref).equal(2 * (n - 1));
  let reached = np.minimum(value.ref.add(np.eye(n)), 1);
  for (let steps = 1; steps < n - 1; steps *= 2) reached = np.minimum(np.matmul(reached.ref, reached), 1);
  const isConnected = allOf(reached.greater(0));
  return isBinary(value).mul(isSymmetric).mul(hasEdges).mul(isConnected);
}

/**
 * Whether each is one of an arborescence: n - 1 edges, at most one to each vertex, and no way back. Booleans `[...]`.
 *
 * Upstream: on WebGPU a kernel that asks whether all numbers are at most as large as others does not compile.
 */
export function isArborescence(value: np.Array, root: number): np.Array {
  const n = value.shape.at(-1)!;
  const hasEdges = sumOf(value.ref).equal(n - 1);
  const parents = value.ref.sum(-2);
  const most = np.array(Float32Array.from({ length: n }, (_, vertex) => (vertex === root ? 0 : 1)));
  const hasParents = np.max(parents.sub(most), -1).less(0.5);
  // The ancestors that are so many steps away: at n steps there are none, unless there is a circle.
  let above = value.ref;
  for (let steps = 1; steps < n; steps *= 2) above = np.minimum(np.matmul(above.ref, above), 1);
  const hasNoCircle = np.max(above, [-1, -2]).equal(0);
  return isBinary(value).mul(hasEdges).mul(hasParents).mul(hasNoCircle);
}

function isBinary(value: np.Array): np.Array {
  return allOf(value.ref.mul(value.ref).equal(value));
}

function allOf(isTrue: np.Array): np.Array {
  return np.all(isTrue, [-1, -2]);
}

function sumOf(value: np.Array): np.Array {
  return value.sum([-1, -2]);
}
