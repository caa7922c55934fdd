/**
 * Draws without replacement as arrivals: each entry comes after an exponential time, of the rate w, its weight, and the
 * first k are drawn. So a set is drawn if all of it has come when the earliest of the others comes, of the rate W,
 * their weight: at a time t / W, t standard exponential.
 */

import { numpy as np } from "@jax-js/jax";
import { indicator, log1p } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { indicesOfLargest } from "./top.ts";

/** How far apart nodes are. */
interface Spacing {
  /** At most so far. */
  longest: number;
  /** And at most so many times the width of the narrowest peak. */
  ofPeak: number;
}

/**
 * Equal steps in x = log t, from where all but 1e-6 of exp(-t) lies ahead to where exp(-t) t^k is spent: there is all
 * that matters of t, given that k others come before. The peak may be as narrow as 1 / sqrt(k + 1).
 */
export function timesOfOthers(k: number, { longest, ofPeak }: Spacing): { nodes: number[]; step: number } {
  const first = -14;
  const last = Math.log(k + 20 + 6 * Math.sqrt(k + 1));
  const count = Math.ceil((last - first) / Math.min(longest, ofPeak / Math.sqrt(k + 1)));
  const step = (last - first) / count;
  return { nodes: Array.from({ length: count + 1 }, (_, i) => first + i * step), step };
}

/**
 * What is there of the members of a set, `[..., k]`, of numbers of all entries, `[..., n]`. Consumes both.
 *
 * Upstream: inside `jit` the gradient of what is gathered at computed indices does not compile.
 */
export function membersOf(x: np.Array, isMember: np.Array, k: number): np.Array {
  const members = indicesOfLargest(indicator(isMember), k);
  const isThere = column(members).equal(np.arange(x.shape.at(-1)!));
  return np.where(isThere, row(x), 0).sum(-1);
}

/** From here on, exp(-y) is small enough for `log1p`; up to here, a series converges. */
const LARGE = 1;

/** log(1 - exp(-y)) by log y, for every finite log y, to float32's rounding of it: that of an arrival until y / w. */
export function logOfArrival(logY: np.Array): np.Array {
  const y = np.exp(np.minimum(logY.ref, 5));
  const small = np.minimum(y.ref, LARGE);
  const square = np.square(small.ref);
  const series = [-1 / 9_676_800, 1 / 181_440, -1 / 2880, 1 / 24].reduce<np.Array | number>(
    (sum, c) => square.ref.mul(sum).add(c),
    0,
  ) as np.Array;
  const near = np.minimum(logY, Math.log(LARGE)).add(square.mul(series)).sub(small.mul(0.5));
  const far = log1p(np.negative(np.exp(np.negative(np.maximum(y.ref, LARGE)))));
  return np.where(y.less(LARGE), near, far);
}
