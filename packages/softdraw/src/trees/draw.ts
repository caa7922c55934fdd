/**
 * Trees by going back through an elimination, vertex by vertex: given the pointers among the others, each is one that
 * goes by way of the vertex v, or not; those that do point to v now. Then v points to a parent, which is one of those
 * that do not descend from v.
 *
 * An exact draw takes the first with the share that the way by v has, and the second in proportion to the weights: given
 * what descends from v, the sum over all trees of the parts is Cayley's formula with weights, in which the parent has
 * this factor.
 */

import { numpy as np } from "@jax-js/jax";
import { indicator } from "../numerics.ts";
import { belowDiagonal, column, numbersTo } from "../rows.ts";
import type { Step } from "./elimination.ts";
import { withItself, withVertex } from "./means.ts";
import { aligned, allowedSize, distanceOf, kept, largestSize, over, type Scaled } from "./scaled.ts";

/**
 * A draw as zeros and ones, `[n, n + 1, batch]`.
 *
 * @param uniforms from 0 to 1 but not 0, `[n (n + 1) / 2, batch]`, consumed
 */
export function drawn(steps: readonly Step[], uniforms: np.Array): np.Array {
  let first = 0;
  const next = (count: number) => {
    const found = uniforms.ref.slice([first, first + count]);
    first += count;
    return found;
  };
  return assembled(
    steps,
    (pointers, { kept }) => {
      const share = pointers.mul(np.subtract(1, kept!.ref)).sum(1);
      return next(share.shape[0]!).lessEqual(share);
    },
    (isAllowed, { weights }) => chosen(weights, isAllowed, next(1)),
  );
}

/** How many uniform variables a draw of n pointers takes. */
export function countUniforms(n: number): number {
  return (n * (n + 1)) / 2;
}

/**
 * A tree as zeros and ones, `[n, n + 1, batch]`, that is put together by some choices.
 *
 * @param steps what is known of each vertex, that of the last one first
 * @param isDetour which pointers, `[n - 1, n, batch]`, go by way of the new vertex n: booleans `[n - 1, batch]`
 * @param parentOf its parent as a one-hot vector, `[n, batch]`, among those where booleans `[n, batch]` are true
 */
export function assembled<S>(
  steps: readonly S[],
  isDetour: (pointers: np.Array, step: S) => np.Array,
  parentOf: (isAllowed: np.Array, step: S) => np.Array,
): np.Array {
  const [last, ...before] = [...steps].reverse();
  // Vertex 1 has the root alone.
  let pointers = withItself(parentOf(np.array([[true]]), last!));
  // Which vertices are on the way of each to the root, itself included and the root not.
  let onWay = np.ones([1, 1, pointers.shape[2]!]);
  for (const step of before) {
    const isMoved = isDetour(pointers.ref, step);
    const moved = indicator(isMoved.ref);
    // How many on the way of each point to the new vertex now: that is the parent of the first.
    const below = onWay.ref.mul(np.expandDims(moved.ref, 0)).sum(1);
    const isFree = below.ref.equal(0);
    const batch = moved.shape[1]!;
    const parent = parentOf(np.concatenate([np.zeros([1, batch]), below.ref], 0).equal(0), step);
    const ofParent = np
      .expandDims(parent.ref.slice([1, parent.shape[0]!]), 1)
      .mul(onWay.ref)
      .sum(0);
    const isBefore = np.expandDims(below.ref, 1).equal(np.expandDims(below, 0));
    const beyond = np.where(np.expandDims(isFree.ref, 1), 0, np.expandDims(ofParent.ref, 0));
    const kept = np.where(isBefore, onWay, 0).add(beyond);
    const ownWay = np.concatenate([ofParent, np.ones([1, batch])], 0);
    const upper = np.concatenate([kept, np.expandDims(np.where(isFree, 0, 1), 1)], 1);
    onWay = np.concatenate([upper, np.expandDims(ownWay, 0)], 0);
    pointers = withVertex(np.where(np.expandDims(isMoved, 1), 0, pointers), moved, parent);
  }
  return pointers;
}

/**
 * One of some weights, drawn in proportion to them, as a one-hot vector `[n, batch]`: the first at which their sum is not
 * below a uniform share of it. There it grows, so that none is drawn that cannot be.
 */
function chosen({ mantissa, ...size }: Scaled, isAllowed: np.Array, uniform: np.Array): np.Array {
  const n = mantissa.shape[0]!;
  const level = largestSize(allowedSize(isAllowed.ref, kept(size)));
  const terms = np.where(isAllowed, aligned(mantissa.ref, distanceOf(over(kept(size), level))), 0);
  const sums = np.matmul(belowDiagonal(n), terms);
  const isReached = sums.ref.greaterEqual(sums.slice([n - 1, n]).mul(uniform));
  return firstOf(isReached);
}

/** The first of booleans `[n, batch]` that is true, as a one-hot vector. */
export function firstOf(isTrue: np.Array): np.Array {
  const n = isTrue.shape[0]!;
  const places = column(numbersTo(n));
  const first = np.min(np.where(isTrue, places.ref, n), 0, { keepdims: true });
  return indicator(places.equal(first));
}
