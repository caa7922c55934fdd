/**
 * The arrays of chains as their sums are computed: relative to the largest, and with the batch last.
 *
 * Upstream: the engine computes four numbers at a time where they lie side by side, which those of a batch do.
 */

import { lax, numpy as np, tree } from "@jax-js/jax";
import { countPossible } from "../lawful.ts";
import { finite, LOWEST } from "../numerics.ts";
import { column, numbersTo } from "../rows.ts";

/** The largest distance that is told from larger ones: below what is impossible, be it summed up over a sequence. */
const FARTHEST = 1e28;

/** Stands for what is impossible. Sums over 10,000 places are in the range of float32. */
export const IMPOSSIBLE = -1e34;

/** Sums are below it if and only if one of their terms is impossible. */
export const LOWEST_SUM = -1e33;

/** What a verb is given, as arrays. */
export interface Given {
  /** `[..., length, labels]` */
  logits: np.Array;
  /** `[..., labels, labels]`, or with an axis more than the logits `[..., length - 1, labels, labels]`. */
  transitions: np.Array;
  /** `[...]` whole numbers, or nothing. */
  lengths: np.Array[];
  /** 1 / temperature, or nothing. */
  inverse: np.Array[];
}

/** A chain in the order of its axes, each with those of the batch in front. */
export interface Natural {
  /** `[..., length, labels]`: relative to the largest of each place. */
  logits: np.Array;
  /** `[..., 1 or length - 1, labels, labels]`: relative to the largest of each matrix. */
  transitions: np.Array;
  /** What was taken off all sequences alike, `[...]`, without a gradient. */
  origin: np.Array;
}

/** A chain with the places first and the batch, as one axis, last. */
export interface Chain {
  /** `[length, labels, batch]` */
  logits: np.Array;
  /** `[1 or length - 1, labels, labels, 1 or batch]`, the row the label that is left. */
  transitions: np.Array;
}

/** The batch axes of a chain: those of logits, transitions and lengths together. */
export function batchOf({ logits, transitions, lengths }: Given): number[] {
  const ofTransitions = transitions.shape.slice(0, isByPlace(logits, transitions) ? -3 : -2);
  const ofBoth = np.broadcastShapes(logits.shape.slice(0, -2), ofTransitions);
  return lengths.reduce((batch, { shape }) => np.broadcastShapes(batch, shape), ofBoth);
}

/** Whether there is a matrix of transitions for each place: then they have an axis more than the logits. */
function isByPlace(logits: np.Array, transitions: np.Array): boolean {
  return transitions.ndim > logits.ndim;
}

/**
 * A chain relative to its largest entries, which its law does not depend on: so what all have in common costs no
 * accuracy. Behind the end of a sequence the first label follows itself for nothing.
 *
 * @param given consumed
 */
export function naturalOf({ logits, transitions, lengths, inverse }: Given): Natural {
  const matrices = isByPlace(logits, transitions) ? transitions : np.expandDims(transitions, -3);
  const [length = 0, labels = 0] = logits.shape.slice(-2);
  const ofPlaces = relativeTo(finite(logits), -1, tree.ref(inverse));
  const ofSteps = relativeTo(finite(matrices), [-1, -2], inverse.map(column));
  const steps = ofSteps.origin.shape.at(-1) === 1 ? length - 1 : 1;
  const [inside] = isInside(lengths, length);
  if (inside === undefined) {
    const origin = ofPlaces.origin.sum(-1).add(ofSteps.origin.sum(-1).mul(steps));
    return { logits: ofPlaces.relative, transitions: ofSteps.relative, origin };
  }
  const batch = inside.shape.slice(0, -1).map((): [] => []);
  // Of a single place there is no step, and this is not looked at.
  const followed = inside.ref.slice(...batch, [Math.min(1, length - 1), length]);
  const behind = np.where(numbersTo(labels).equal(0), 0, IMPOSSIBLE);
  const ofOrigin = length === 1 ? 0 : np.where(followed.ref, ofSteps.origin, 0).sum(-1);
  const origin = np.where(inside.ref, ofPlaces.origin, 0).sum(-1).add(ofOrigin);
  return {
    logits: np.where(column(inside), ofPlaces.relative, behind),
    transitions: np.where(column(column(followed)), ofSteps.relative, 0),
    origin,
  };
}

/** Distances from the largest along some axes, over a temperature, and those largest themselves. */
function relativeTo(keys: np.Array, axes: number | number[], inverse: np.Array[]) {
  const origin = lax.stopGradient(np.max(keys.ref, axes, { keepdims: true }));
  const distance = inverse.reduce((x, factor) => x.mul(factor), keys.ref.sub(origin.ref));
  const relative = np.where(keys.greater(LOWEST), np.maximum(distance, -FARTHEST), IMPOSSIBLE);
  const taken = np.squeeze(origin, axes);
  return { relative, origin: np.where(taken.ref.greater(LOWEST), taken, IMPOSSIBLE) };
}

/** @param natural consumed */
export function chainOf({ logits, transitions }: Omit<Natural, "origin">, batch: number[]): Chain {
  const isShared = transitions.shape.slice(0, -3).every((n) => n === 1);
  const spread = (x: np.Array, axes: 2 | 3) => {
    const event = x.shape.slice(-axes);
    const all = isShared && axes === 3 ? x : np.broadcastTo(x, [...batch, ...event]);
    return np.moveaxis(all.reshape([-1, ...event]), 0, -1);
  };
  return {
    logits: spread(logits, 2),
    transitions: spread(transitions, 3),
  };
}

/** `[places, labels, batch]` as `[..., places, labels]`, and `[places, labels, labels, batch]` likewise. */
export function inOrder(x: np.Array, batch: number[]): np.Array {
  return np.moveaxis(x, -1, 0).reshape([...batch, ...x.shape.slice(0, -1)]);
}

/** Which places a sequence has, booleans `[..., length]`, where its length is given. */
export function isInside(lengths: np.Array[], length: number): np.Array[] {
  return lengths.map((end) => column(end.astype(np.float32)).greater(numbersTo(length)));
}

/** Whether arrays and lengths can have a law: nothing that counts is NaN or Infinity. Booleans that broadcast with `[...]`. */
export function canBeSummed({ logits, transitions, lengths, inverse }: Given): np.Array {
  for (const unused of inverse) unused.dispose();
  const [length = 0] = logits.shape.slice(-2);
  const matrices = isByPlace(logits, transitions) ? transitions : np.expandDims(transitions, -3);
  const ofPlaces = np.squeeze(countPossible(logits, -1), -1);
  const ofSteps = np.min(np.squeeze(countPossible(matrices, -1), -1), -1);
  const [inside] = isInside(tree.ref(lengths), length);
  const isSound = (fewest: np.Array) => np.min(fewest, -1).greaterEqual(0);
  const isEachSound = (places: np.Array, steps: np.Array) =>
    length === 1 ? isSound(places) : isSound(places).mul(isSound(steps));
  if (inside === undefined) return isEachSound(ofPlaces, ofSteps);
  const batch = inside.shape.slice(0, -1).map((): [] => []);
  const followed = inside.ref.slice(...batch, [Math.min(1, length - 1), length]);
  const isLength = lengths.map((x) => x.ref.greaterEqual(whole(1)).mul(x.lessEqual(whole(length))));
  return isEachSound(np.where(inside, ofPlaces, 0), np.where(followed, ofSteps, 0)).mul(isLength[0]!);
}

/** A plain number would enter as float32. */
function whole(value: number): np.Array {
  return np.array(value, { dtype: np.int32 });
}
