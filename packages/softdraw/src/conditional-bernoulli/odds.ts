/** Entries as choices of yes or no, each by itself, of which k are yes in the mean: what all verbs begin with. */

import { lax, numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { type Above, aboveThreshold } from "../subset/threshold.ts";
import { logCoefficientOf, type Tree, treeOf, weightsOfOthers } from "./counts.ts";

/** Log-odds `[..., n]` of entries that are yes or no by themselves, of which k are yes in the mean. */
export function oddsOf(keys: np.Array, k: number): Above {
  return aboveThreshold(keys, np.ones([]), k);
}

export interface Ways {
  /** log E, `[...]`: of the weight of all ways to take k. Without a gradient. */
  logWays: np.Array;
  /** The probability that an entry is taken, `[..., n]`. */
  taken: np.Array;
  /** The probability that it is not, without a gradient. */
  left: np.Array;
}

/** @param above log-odds `[..., n]`, consumed */
export function waysOf(above: np.Array, k: number): Ways {
  const tree = treeOfOdds(above, k);
  return { logWays: lax.stopGradient(logWaysOf(tree)), ...meanOf(tree) };
}

export function logWaysOf({ tree, batch }: OddsTree): np.Array {
  return logCoefficientOf(tree).reshape(batch);
}

/** An entry is taken in proportion to its own weight, times that of the others if they make up k with it. */
export function meanOf({ tree, on, off, isMirrored }: OddsTree): Pick<Ways, "taken" | "left"> {
  const { shape } = on;
  const others = weightsOfOthers(tree, shape.at(-1)!);
  const ofOthers = (power: 0 | 1) => inRows(others.ref.slice(power), shape);
  const ifOff = off.ref.mul(ofOthers(0));
  const ifOn = others.shape[0] === 1 ? on.ref.mul(0) : on.ref.mul(ofOthers(1));
  // To a sum of about 1, of which the square, which the gradient has, is in the range of float32.
  const scale = materialize(np.reciprocal(lax.stopGradient(ifOn.ref.add(ifOff.ref))));
  const [weight, otherWeight] = [ifOn.mul(scale.ref), ifOff.mul(scale)];
  const sum = weight.ref.add(otherWeight.ref);
  const [counted, rest] = [weight.div(sum.ref), otherWeight.div(sum)];
  const [taken, left] = isMirrored ? [rest, counted] : [counted, rest];
  return { taken, left: lax.stopGradient(left) };
}

export interface OddsTree {
  tree: Tree;
  /** What an entry weighs if it is counted, and if it is not, `[..., n]`. */
  on: np.Array;
  off: np.Array;
  /** Whether those are counted that are not taken, because they are fewer. */
  isMirrored: boolean;
  batch: number[];
}

/** @param above log-odds `[..., n]`, consumed */
export function treeOfOdds(above: np.Array, k: number): OddsTree {
  const n = above.shape.at(-1)!;
  const batch = above.shape.slice(0, -1);
  const isMirrored = 2 * k > n;
  const { isLikely, distance } = sidesOf(above);
  const unlikely = np.exp(np.negative(distance));
  const taken = np.where(isLikely.ref, 1, unlikely.ref);
  const left = np.where(isLikely, unlikely, 1);
  const [on, off] = isMirrored ? [left, taken] : [taken, left];
  const tree = treeOf(inColumns(on.ref), inColumns(off.ref), isMirrored ? n - k : k);
  return { tree, on, off, isMirrored, batch };
}

/**
 * Whether an entry is rather taken than not, and its log-odds or minus them, which are not negative. All that is made
 * of both has the derivative of one side at 0, too.
 */
export function sidesOf(above: np.Array): { isLikely: np.Array; distance: np.Array } {
  const isLikely = above.ref.greater(0);
  return { isLikely: isLikely.ref, distance: np.where(isLikely, above.ref, np.negative(above)) };
}

/** 0, with a gradient of its own by each entry of `[..., n]`. */
export function change(x: np.Array, gradient: np.Array): np.Array {
  return sumOf(x.ref.sub(lax.stopGradient(x)).mul(lax.stopGradient(gradient)));
}

/** `[..., n]` as `[n, batch]`. */
export function inColumns(x: np.Array): np.Array {
  return np.transpose(x.reshape([-1, x.shape.at(-1)!]));
}

/** `[n, batch]` as `[..., n]`. */
export function inRows(x: np.Array, shape: number[]): np.Array {
  return np.transpose(x).reshape(shape);
}

/** The sum of each row in two steps, which adds up the roundings of a few numbers, and not of all. */
export function sumOf(x: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  const batch = x.shape.slice(0, -1);
  const width = 2 ** Math.round(Math.log2(n) / 2);
  const height = Math.ceil(n / width);
  const padded = np.pad(x, [...batch.map((): [number, number] => [0, 0]), [0, width * height - n]]);
  return padded
    .reshape([...batch, height, width])
    .sum(-1)
    .sum(-1);
}
