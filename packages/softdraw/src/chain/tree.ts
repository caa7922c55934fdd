/**
 * The same messages by a tree: the sums over all ways from each label at a place to each label at another, of ever longer
 * parts of the chain, and from those the messages at the middle of each part. It takes as many levels as the logarithm of
 * the length has, and a label's number of times as many terms: where these are few, what counts is how few kernels it has.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { type Chain, IMPOSSIBLE } from "./arrays.ts";
import type { Messages } from "./messages.ts";

/** Shorter chains have as few kernels place by place. */
const SHORTEST = 9;

/** With more terms than this at all levels together a tree takes longer than it saves. */
const MOST_TERMS = 2 ** 18;

/** Whether a tree is faster. */
export function isForTree({ logits }: Chain): boolean {
  const [length = 0, labels = 0, batch = 0] = logits.shape;
  return length >= SHORTEST && length * labels ** 3 * batch <= MOST_TERMS;
}

/**
 * @param chain its arrays are kept
 * @param total of terms along an axis, in logarithms
 */
export function messagesByTree(
  { logits, transitions }: Chain,
  total: (terms: np.Array, axis: number) => np.Array,
): Messages {
  const [length = 0, labels = 0, batch = 0] = logits.shape;
  const reached = np.expandDims(logits.ref.slice([1, length]), 1);
  const steps = np.broadcastTo(transitions.ref.add(reached), [length - 1, labels, labels, batch]);
  const parts = [evened(steps)];
  const origins: np.Array[] = [];
  const relative = (x: np.Array, axes: number[]) => {
    const largest = np.max(x.ref, axes, { keepdims: true });
    return { largest, relative: materialize(x.sub(largest.ref)) };
  };
  while (true) {
    const [one, other] = halvesOf(parts.at(-1)!);
    const terms = np.expandDims(one, 3).add(np.expandDims(other, 1));
    const joined = relative(total(terms, 2), [1, 2]);
    origins.push(joined.largest.sum([0, 1, 2]));
    if (joined.relative.shape[0] === 1) {
      const first = total(np.squeeze(joined.relative, 0), 1).add(logits.ref.slice(0));
      return { u: [first, ...laterOf(logits, parts, total)], origin: origins.reduce((sum, x) => sum.add(x)) };
    }
    parts.push(evened(joined.relative));
  }
}

/** The messages at all places but the first: from the end of all parts to the middle of each, and so on. */
function laterOf(
  logits: np.Array,
  parts: readonly np.Array[],
  total: (terms: np.Array, axis: number) => np.Array,
): np.Array[] {
  const [length = 0, labels = 0, batch = 0] = logits.shape;
  let ends = np.zeros([1, labels, batch]);
  for (const part of parts.toReversed()) {
    const count = part.shape[0]! / 2;
    const [, other] = halvesOf(part);
    const own = ends.slice([0, count]);
    const middle = total(other.add(np.expandDims(own.ref, 1)), 2);
    const relative = middle.ref.sub(np.max(middle, 1, { keepdims: true }));
    const both = np.concatenate([np.expandDims(relative, 1), np.expandDims(own, 1)], 1);
    ends = materialize(both.reshape([2 * count, labels, batch]));
  }
  const all = materialize(ends.slice([0, length - 1]).add(logits.ref.slice([1, length])));
  return Array.from({ length: length - 1 }, (_, t) => all.ref.slice(t));
}

/** Each first and each second of two parts. */
function halvesOf(parts: np.Array): [np.Array, np.Array] {
  const [count = 0, ...rest] = parts.shape;
  const pairs = parts.ref.reshape([count / 2, 2, ...rest]);
  return [pairs.ref.slice([], 0), pairs.slice([], 1)];
}

/** An even number of parts: the last may be one in which every label stays as it is. */
function evened(parts: np.Array): np.Array {
  const [count = 0, labels = 0, , batch = 0] = parts.shape;
  if (count % 2 === 0) return parts;
  const stay = np.where(np.eye(labels).greater(0), 0, IMPOSSIBLE).reshape([1, labels, labels, 1]);
  return materialize(np.concatenate([parts, np.broadcastTo(stay, [1, labels, labels, batch])], 0));
}
