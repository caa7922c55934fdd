/** The elimination of logits, and what it says of edges: what all verbs begin with. Nothing here has a gradient. */

import { lax, numpy as np } from "@jax-js/jax";
import { countPossible } from "../lawful.ts";
import { materialize } from "../materialize.ts";
import { LOWEST } from "../numerics.ts";
import { matrixOfPlaces } from "../rows.ts";
import { eliminated, logSumOf, type Step } from "./elimination.ts";
import { besideMatrix, type Frame, inColumns, inRows } from "./frame.ts";
import { changeOfMeans, meansOf } from "./means.ts";
import {
  exponentialOf,
  isPossible,
  kept,
  type Logarithm,
  logarithmOf,
  orderOf,
  possibleWhere,
  type Size,
} from "./scaled.ts";

/** Keys that are farther below the largest one count as so far below it. */
export const FARTHEST = 9e29;

/**
 * With any root, keys are near that are no farther below the largest one than this over the square of the number of
 * vertices. A pointer to the added root is divided by sums that are as small as other pointers, and multiplied with them
 * in the end: so sizes have to come back from there as the whole numbers that they were, and in float32 those end at 2^24
 * steps of log 2^48.
 */
const NEAR = 2 ** 22 * 48 * Math.LN2;

/** The pointers of trees with one root, and their weights. */
export interface Problem {
  readonly frame: Frame;
  /** The batch axes of the logits. */
  readonly batch: number[];
  /** The largest key, `[..., 1, 1]`, and how far below it the others are: `[..., n, n]`, 0 where there is no edge. */
  readonly origin: np.Array;
  readonly distance: np.Array;
  /** Logarithms of the weights of pointers, `[m, m + 1, batch]`. */
  readonly logarithms: Logarithm;
}

/** A problem with its elimination. */
export interface Pass extends Problem {
  readonly steps: readonly Step[];
  /** The logarithm of the sum over all trees of the exponentials of distances, `[...]`. */
  readonly logSum: Logarithm;
  /** Whether there is any tree: booleans `[...]`. */
  readonly isConnected: np.Array;
}

/** Keys of logits, or of keys: finite, `LOWEST` where there is no edge. */
export function keysOf(frame: Frame, logits: np.Array): np.Array {
  return np.where(ignored(frame, logits.shape.at(-1)!), LOWEST, frame.keysOf(logits));
}

/** The largest key of each matrix, `[..., 1, 1]`, without a gradient. */
export function originOf(keys: np.Array): np.Array {
  return np.max(lax.stopGradient(keys), [-1, -2], { keepdims: true });
}

/** Whether keys are edges. */
export function isEdge(keys: np.Array): np.Array {
  return lax.stopGradient(keys).greater(LOWEST);
}

/**
 * A root that is any of the vertices is one more vertex, to which exactly one pointer is to go. So a pointer to it is
 * smaller, by an order, than all others, and what two of them have is nothing beside what one has, whatever the others
 * weigh: none of the sums takes notice of it.
 */
export function problemOf(frame: Frame, keys: np.Array): Problem {
  const fixed = lax.stopGradient(keys);
  const batch = fixed.shape.slice(0, -2);
  const origin = originOf(fixed.ref);
  const below = np.where(fixed.ref.greater(LOWEST), np.maximum(fixed.ref.sub(origin.ref), -FARTHEST), LOWEST);
  const rows = frame.pointersOf(inColumns(frame.isAnyRoot ? withoutFar(below.ref) : below.ref));
  const logarithms = possibleWhere(rows.ref.greater(LOWEST), logarithmOf(rows));
  const [vertices = 0, , count = 0] = logarithms.exponent.shape;
  const known = { frame, batch, origin, distance: np.where(fixed.greater(LOWEST), below, 0) };
  if (!frame.isAnyRoot) return { ...known, logarithms };
  const { rest, exponent } = logarithms;
  const toRoot = (value: number) => np.full([vertices, 1, count], value);
  return {
    ...known,
    logarithms: {
      rest: np.concatenate([toRoot(0), rest], 1),
      exponent: np.concatenate([toRoot(0), exponent.ref], 1),
      order: np.concatenate([toRoot(-1), orderOf(exponent)], 1),
    },
  };
}

/**
 * Distances, but `LOWEST` for those of no tree that counts: where near edges alone make a tree, one with an edge that is
 * farther below than n of these has less than rounding shows.
 *
 * @param below `[..., n, n]`, entry i, j that of the edge from i to j, consumed
 */
function withoutFar(below: np.Array): np.Array {
  const n = below.shape.at(-1)!;
  const near = NEAR / n ** 2;
  let reached = np.where(below.ref.greaterEqual(-near), 1, np.eye(n));
  for (let length = 1; length < n - 1; length *= 2) {
    reached = np.minimum(np.matmul(reached.ref, reached), 1);
  }
  const hasTree = np.max(np.min(reached, -1), -1).greater(0);
  return np.where(besideMatrix(hasTree).mul(below.ref.less(-n * near)), LOWEST, below);
}

export function passOf(frame: Frame, keys: np.Array): Pass {
  const problem = problemOf(frame, keys);
  const steps = eliminated(exponentialOf(problem.logarithms));
  const { rest, ...size } = logSumOf(steps);
  return {
    ...problem,
    steps,
    isConnected: isConnected(problem, kept(size)),
    logSum: { rest: rest.reshape(problem.batch), exponent: size.exponent.reshape(problem.batch) },
  };
}

/** Whether a sum over all trees, or the largest of its terms, is one of possible trees, by its size `[batch]`. */
export function isConnected({ batch }: Problem, { exponent, order }: Size): np.Array {
  const isTree = order === undefined ? isPossible(exponent) : order.greater(-1.5);
  return isTree.reshape(batch);
}

/** The probability of each edge, `[..., n, n]`. */
export function meanOf({ frame, steps, batch }: Pass): np.Array {
  return inRows(materialize(frame.edgesOf(meansOf(steps).at(-1)!)), batch);
}

/** How the probabilities change if the keys do, both `[..., n, n]`. It is linear in the change, and has a gradient by it. */
export function changeOfMean({ frame, steps, batch }: Pass, change: np.Array): np.Array {
  const rows = frame.pointersOf(inColumns(change));
  const [vertices = 0, , count = 0] = rows.shape;
  const ofPointers = frame.isAnyRoot ? np.concatenate([np.zeros([vertices, 1, count]), rows], 1) : rows;
  return inRows(frame.edgesOf(changeOfMeans(steps, meansOf(steps), ofPointers)), batch);
}

/** Whether all logits that mean something are numbers or -Infinity: booleans `[...]`. */
export function isNumeric(frame: Frame, logits: np.Array): np.Array {
  const counts = countPossible(np.where(ignored(frame, logits.shape.at(-1)!), 0, logits), -1);
  return np.min(np.squeeze(counts, -1), -1).greaterEqual(0);
}

/** Whether there is a single vertex, and so the tree without an edge. */
export function isSingle(logits: np.Array): boolean {
  return logits.shape.at(-1) === 1;
}

/** That tree: a zero, with a gradient that is one. */
export function nothing(logits: np.Array): np.Array {
  return np.where(np.array([[true]]), 0, logits);
}

/** Which entries mean nothing, `[n, n]`. */
function ignored({ isIgnored }: Frame, n: number): np.Array {
  return matrixOfPlaces(n, (i, j) => (isIgnored(i, j) ? 1 : 0)).greater(0.5);
}
