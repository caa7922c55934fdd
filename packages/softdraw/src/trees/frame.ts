/**
 * How trees of one kind are rooted at one vertex: what the elimination is of. Logits and values have the shape
 * `[..., n, n]`, and pointers `[m, m + 1, batch]`, from each of m vertices to one of them or to the root.
 */

import { numpy as np } from "@jax-js/jax";
import { finite, LOWEST } from "../numerics.ts";
import { column } from "../rows.ts";
import { isArborescence, isSpanningTree } from "./value.ts";

export interface Frame {
  /** How many of the entries of a matrix stand for one edge: a product over all of them counts each so often. */
  readonly entries: 1 | 2;
  /** Whether the root is one more vertex, of which exactly one pointer is to go to. */
  readonly isAnyRoot: boolean;
  /** Whether the entry i, j means nothing. */
  isIgnored(i: number, j: number): boolean;
  /** Keys of the edges, which both have the gradient of: finite, `LOWEST` where there is no edge. */
  keysOf(logits: np.Array): np.Array;
  /** Numbers `[n, n, batch]` of the edges as those of pointers, `[m, m or m + 1, batch]` without an added root. */
  pointersOf(edges: np.Array): np.Array;
  /** Numbers of pointers, those to an added root left out, as a sum of those of the edges, `[n, n, batch]`. */
  edgesOf(pointers: np.Array): np.Array;
  /** Whether matrices are trees: booleans `[...]`. */
  isTree(value: np.Array): np.Array;
  /** How many trees of n vertices there are, its logarithm. */
  logCount(n: number): number;
}

/** Without direction: the weight of an edge is the mean of both entries, and all are rooted at the vertex 0. */
export const UNDIRECTED: Frame = {
  entries: 2,
  isAnyRoot: false,
  isIgnored: (i, j) => i === j,
  keysOf: (logits) => {
    const x = finite(logits);
    const mean = x.ref.mul(0.5).add(np.swapaxes(x.ref, -1, -2).mul(0.5));
    const isEdge = np.minimum(x.ref, np.swapaxes(x, -1, -2)).greater(LOWEST);
    return np.where(isEdge, mean, LOWEST);
  },
  pointersOf: (edges) => edges.slice([1, edges.shape[0]!]),
  edgesOf: (pointers) => {
    const [, n = 0, batch = 0] = pointers.shape;
    const directed = np.concatenate([np.zeros([1, n, batch]), pointers], 0);
    return directed.ref.add(np.swapaxes(directed, 0, 1));
  },
  isTree: isSpanningTree,
  logCount: (n) => Math.max(0, n - 2) * Math.log(n),
};

/** From parents to children, from one root on, or from any if it is -1. */
export function directedFrom(root: number): Frame {
  if (root < 0) {
    return {
      entries: 1,
      isAnyRoot: true,
      isIgnored: (i, j) => i === j,
      keysOf: finite,
      pointersOf: (edges) => np.swapaxes(edges, 0, 1),
      edgesOf: (pointers) => np.swapaxes(pointers.slice([], [1, pointers.shape[1]!]), 0, 1),
      isTree: (value) => isArborescence(value, root),
      logCount: (n) => (n - 1) * Math.log(n),
    };
  }
  return {
    entries: 1,
    isAnyRoot: false,
    isIgnored: (i, j) => i === j || j === root,
    keysOf: finite,
    pointersOf: (edges) => {
      const first = [0, 1].reduce((x, axis) => moved(x, root, 0, axis), edges);
      return np.swapaxes(first.slice([], [1, first.shape[1]!]), 0, 1);
    },
    edgesOf: (pointers) => {
      const [, n = 0, batch = 0] = pointers.shape;
      const directed = np.concatenate([np.zeros([1, n, batch]), pointers], 0);
      return [0, 1].reduce((x, axis) => moved(x, 0, root, axis), np.swapaxes(directed, 0, 1));
    },
    isTree: (value) => isArborescence(value, root),
    logCount: (n) => Math.max(0, n - 2) * Math.log(n),
  };
}

/** An entry of an axis moved to another place. */
function moved(x: np.Array, from: number, to: number, axis: number): np.Array {
  if (from === to) return x;
  const n = x.shape[axis]!;
  const before = Array.from({ length: axis }, (): [] => []);
  const part = (first: number, end: number) => (first < end ? [x.ref.slice(...before, [first, end])] : []);
  const one = part(from, from + 1);
  const others = (first: number, end: number) => [
    ...part(first, Math.min(end, from)),
    ...part(Math.max(first, from + 1), end),
  ];
  // Of what comes before the new place, and after it, without the entry.
  const last = to < from ? to : to + 1;
  return np.concatenate([...others(0, last), ...one, ...others(last, n)], axis);
}

/** `[..., n, n]` as `[n, n, batch]`: four numbers of the batch lie side by side, and are computed at a time. */
export function inColumns(x: np.Array): np.Array {
  const [m = 0, n = 0] = x.shape.slice(-2);
  return np.moveaxis(x.reshape([-1, m, n]), 0, -1);
}

/** `[n, n, batch]` as `[..., n, n]`. */
export function inRows(x: np.Array, batch: number[]): np.Array {
  const [m = 0, n = 0] = x.shape;
  return np.moveaxis(x, -1, 0).reshape([...batch, m, n]);
}

/** Numbers `[...]` beside matrices `[..., n, n]`. */
export function besideMatrix(x: np.Array): np.Array {
  return column(column(x));
}
