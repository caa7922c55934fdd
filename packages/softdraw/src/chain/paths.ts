/** Sequences of labels, each of which says what comes next. */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { numbersTo } from "./arrays.ts";

/** The place of the largest number along an axis, of equals the first. */
export function firstLargest(x: np.Array, axis: number): np.Array {
  const size = x.shape[axis]!;
  const isLargest = x.ref.equal(np.max(x.ref, axis, { keepdims: true }));
  const after = x.ndim - 1 - axis;
  x.dispose();
  const places = numbersTo(size).reshape([size, ...Array<number>(after).fill(1)]);
  return np.min(np.where(isLargest, places, size - 1), axis);
}

/**
 * The labels at all places, `[length, batch]`, by joining steps two by two: in a number of kernels that grows as the
 * logarithm of the length.
 *
 * @param next what follows each label at each place but the last, `[length - 1, labels, batch]`, consumed
 * @param first the label at the first place, `[batch]`, consumed
 */
export function followed(next: np.Array, first: np.Array): np.Array {
  // One step more than there are, so that there is a place that each begins at.
  const maps = [evened(np.concatenate([next, np.zeros([1, ...next.shape.slice(1)])], 0))];
  while (maps.at(-1)!.shape[0]! > 2) {
    const [one, other] = halvesOf(maps.at(-1)!);
    maps.push(evened(after(one, other)));
  }
  let starts = np.expandDims(first, [0, 1]);
  for (const map of maps.reverse()) {
    const count = map.shape[0]! / 2;
    const parents = starts.slice([0, count]);
    const [one] = halvesOf(map);
    const middle = after(parents.ref, one);
    starts = np.concatenate([np.expandDims(parents, 1), np.expandDims(middle, 1)], 1).reshape([2 * count, 1, -1]);
  }
  return np.squeeze(starts.slice([0, next.shape[0]! + 1]), 1);
}

/** What comes of labels by two steps: `other(one(label))`, `[places, labels, batch]`. */
function after(one: np.Array, other: np.Array): np.Array {
  return materialize(np.takeAlongAxis(other, one.astype(np.int32), 1));
}

/** Each first and each second of two steps. */
function halvesOf(steps: np.Array): [np.Array, np.Array] {
  const [count = 0, ...rest] = steps.shape;
  const pairs = steps.ref.reshape([count / 2, 2, ...rest]);
  return [pairs.ref.slice([], 0), pairs.slice([], 1)];
}

/** An even number of steps: what is behind the last of them does not matter. */
function evened(steps: np.Array): np.Array {
  const [count = 0, ...rest] = steps.shape;
  return count % 2 === 0 ? steps : materialize(np.concatenate([steps, np.zeros([1, ...rest])], 0));
}
