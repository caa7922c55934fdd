/**
 * Sums and maxima over all n! permutations of a matrix, by dynamic programming over the 2^n subsets of its columns.
 *
 * The last r rows may take any r columns. With S such a set, and i = n - r the first of these rows,
 *
 *     W(S) = sum_(j in S) exp(x_ij) W(S without j)
 *
 * and the permanent is the W of all columns. Sets of a size are computed together, so there are n steps. A walk from
 * all columns down, that leaves S by j with probability `exp(x_ij) W(S without j) / W(S)`, draws from the law, row by
 * row from the first; with maxima in place of sums it finds the largest.
 *
 * W is kept as `exp(high + low)`: high is the largest sum of entries, rounded, and low all the rest, what rounding took
 * off included. So the terms of a W are told apart at entries of 1e4 as well as near 0. Nothing here has a gradient:
 * moments.ts says where those come from.
 *
 * Held, Karp, "A Dynamic Programming Approach to Sequencing Problems", 1962; Ryser, "Combinatorial Mathematics", 1963.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../../materialize.ts";
import { LOWEST, logarithm } from "../../numerics.ts";
import { column, row } from "../../rows.ts";
import { levelsOf, placesBySubset, type Table } from "./tables.ts";

/** Stands for impossible entries: below every sum of possible ones. */
const IMPOSSIBLE = -1e36;

/** Sums are below it if and only if one of their terms is impossible. */
const LOWEST_SUM = -1e35;

/** Below all sums. */
const NOWHERE = -3e38;

export interface Pass {
  /** `[...]`: the logarithm of W of all columns, `high + low`. */
  high: np.Array;
  low: np.Array;
  /**
   * How a walk leaves the subsets of each size, from 1 up: logarithms, `[..., n, subsets]`, the column in front.
   *
   * Upstream: four results of a sum along the last axis but one are computed at a time, along the last one by one.
   */
  steps: np.Array[];
}

/** The logarithms of probabilities to leave each subset by each column, and the logarithm of the sum. */
export function sums(x: np.Array): Pass {
  return pass(x, (terms) => {
    const largest = np.max(terms.ref, -2);
    return materialize(largest.ref.add(logarithm(np.exp(terms.sub(row(largest))).sum(-2))));
  });
}

/** The same of maxima: a column that a best permutation takes has 0 in the step, all others less. */
export function maxima(x: np.Array): Pass {
  return pass(x, (terms) => np.max(terms, -2));
}

/**
 * @param x finite, `[..., n, n]`, consumed
 * @param total of the terms of each W, in logarithms, `[..., n, subsets]`
 */
function pass(x: np.Array, total: (terms: np.Array) => np.Array): Pass {
  const n = x.shape.at(-1)!;
  const batch = x.shape.slice(0, -2);
  let [high, low] = [np.zeros([...batch, 1]), np.zeros([...batch, 1])];
  const steps = levelsOf(n).map(({ without }, size) => {
    const entries = column(x.ref.slice(...batch.map(() => [] as []), n - 1 - size));
    const isMember = memberships(without, n);
    const before = take(high, without, n);
    const sum = before.ref.add(entries.ref);
    // What rounding took off the sum, exactly (Knuth's two-sum).
    const part = sum.ref.sub(before.ref);
    const lost = before.sub(sum.ref.sub(part.ref)).add(entries.sub(part));
    high = np.max(np.where(isMember.ref, sum.ref, NOWHERE), -2);
    const term = sum.sub(row(high.ref)).add(lost.add(take(low, without, n)));
    const terms = np.where(isMember, term, NOWHERE);
    low = total(terms.ref);
    return terms.sub(row(low.ref));
  });
  x.dispose();
  return { high: np.squeeze(high, -1), low: np.squeeze(low, -1), steps };
}

/** Logits as entries of a matrix whose sums are to be told apart. */
export function entriesOf(logits: np.Array): np.Array {
  return np.where(logits.ref.greater(LOWEST), logits, IMPOSSIBLE);
}

/** Whether any permutation is possible. Booleans `[...]`. */
export function isAnyPossible(high: np.Array): np.Array {
  return high.greater(LOWEST_SUM);
}

/** Whether a step, or a sum of steps, is possible. */
export function isPossibleStep(step: np.Array): np.Array {
  return step.greater(LOWEST);
}

/**
 * The columns of a walk down that takes the largest of each step, the first of equals: int32 `[..., n]`.
 *
 * @param steps `[..., n, subsets]`, consumed
 * @param noise `[..., n, n]`, what each row adds to its step; consumed
 */
export function walkAlongLargest(steps: np.Array[], noise?: np.Array): np.Array {
  const n = steps.length;
  const batch = steps[0]!.shape.slice(0, -2);
  const rowAt = batch.map(() => [] as []);
  let place = np.zeros([...batch, 1], { dtype: np.int32 });
  const columns = steps.map((_, i) => {
    const size = n - i;
    const step = steps[size - 1]!;
    const at = np.squeeze(np.takeAlongAxis(step, row(place.ref), -1), -1);
    const taken = np.argmax(noise === undefined ? at : at.add(noise.ref.slice(...rowAt, i)), -1, { keepdims: true });
    const { places } = levelsOf(n)[size - 1]!.without;
    place = np.take(np.array(places), taken.ref.mul(integer(step.shape.at(-1)!)).add(place), 0);
    return taken;
  });
  place.dispose();
  return np.concatenate(columns, -1);
}

/**
 * The sum of the steps of the walk that makes a permutation, `[...]`. Of what is none it means nothing.
 *
 * @param steps `[..., n, subsets]`, consumed
 * @param value `[..., n, n]`, consumed
 */
export function stepsTo(steps: np.Array[], value: np.Array): np.Array {
  const n = steps.length;
  const batch = value.shape.slice(0, -2).map(() => [] as []);
  const isTaken = value.greater(0.5);
  const bits = np.where(isTaken.ref, np.array(Array.from({ length: n }, (_, j) => 2 ** j)), 0).sum(-1);
  let subset = np.full([...value.shape.slice(0, -2), 1], 2 ** n - 1);
  const places = np.array(placesBySubset(n));
  return steps
    .map((_, i) => {
      const place = np.take(places.ref, np.clip(subset.ref, 0, 2 ** n - 1).astype(np.int32), 0);
      const step = np.takeAlongAxis(steps[n - 1 - i]!, row(place), -1);
      subset = subset.sub(column(bits.ref.slice(...batch, i)));
      return np.where(isTaken.ref.slice(...batch, i), np.squeeze(step, -1), 0).sum(-1);
    })
    .reduce((a, b) => a.add(b));
}

/** Entries of `[..., subsets]` at the places of a table, `[..., n, subsets]`. */
export function take(x: np.Array, { places }: Table, n: number): np.Array {
  return np.take(x, np.array(places, { shape: [n, places.length / n] }), -1);
}

export function memberships({ isThere }: Table, n: number): np.Array {
  return np.array(isThere, { shape: [n, isThere.length / n] }).greater(0);
}

function integer(value: number): np.Array {
  return np.array(value, { dtype: np.int32 });
}
